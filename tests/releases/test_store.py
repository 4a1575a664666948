import json
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import tiny

from movie_genie import weights
from movie_genie.errors import UserError
from movie_genie.files import digest
from movie_genie.releases import store as releases
from movie_genie.releases.checks import open_checked, smoke_query
from movie_genie.releases.content import MANIFEST

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILMS = len(tiny.FILMS)


@pytest.mark.usefixtures("without_encoder")
def test_the_same_content_is_the_same_release(tiny_project, folder, release):
    before = (release / MANIFEST).read_bytes()
    assert releases.publish(tiny_project, folder, NOW + timedelta(days=1)) == release.name
    assert (release / MANIFEST).read_bytes() == before


@pytest.mark.usefixtures("without_encoder", "same_process")
def test_other_models_are_another_release_and_publishing_moves_nothing(other_project, folder, release):
    published = releases.publish(other_project, folder, NOW)
    assert published != release.name
    assert releases.current(folder) == release.name
    releases.activate(folder, published)
    assert releases.current(folder) == published
    assert (folder / "current").readlink() == Path(published)  # relative: the folder can be mounted elsewhere


def test_the_manifest_names_every_file_with_its_checksum_and_the_verdict(release):
    manifest = json.loads((release / MANIFEST).read_text())
    assert manifest["files"] == {
        path.relative_to(release).as_posix(): digest(path)
        for path in release.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }
    assert set(manifest["files"]) >= {
        "models/two_tower/model.safetensors",
        "models/two_tower/network.onnx",
        "models/sequential_ridge/model.safetensors",
        "models/bert4rec/network.onnx",
        "web/index.html",
    }
    assert manifest["gate"]["passed"] is True
    assert manifest["metrics"]["leave_one_out_integrated_ndcg_at_10"] == 0.2


@pytest.mark.usefixtures("without_encoder")
def test_a_missing_output_stops_publishing_and_leaves_nothing_behind(tiny_project, folder, tmp_path):
    project = Path(shutil.copytree(tiny_project, tmp_path / "project"))
    (project / "results/two_stage.json").unlink()
    before = {path.name for path in folder.iterdir()}
    with pytest.raises(UserError, match=r"results/two_stage\.json: not found"):
        releases.publish(project, folder, NOW)
    assert {path.name for path in folder.iterdir()} == before | {".lock"}


def half_copied(release):
    (release / "models/bert4rec/model.safetensors").unlink()


def truncated(release):
    with (release / "text_embeddings.npy").open("r+b") as file:
        file.truncate(500)


def one_bit_flipped(release):
    path = release / "models/two_tower/model.safetensors"
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)


def with_a_stray_file(release):
    (release / "web/evil.js").write_text("1")


def without_manifest(release):
    (release / MANIFEST).unlink()


def with_a_broken_manifest(release):
    (release / MANIFEST).write_text('{"files": ')


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (half_copied, "models/bert4rec/model.safetensors is missing; the release is only partly there"),
        (truncated, "text_embeddings.npy was changed"),
        (one_bit_flipped, "models/two_tower/model.safetensors was changed"),
        (with_a_stray_file, "web/evil.js is not in the manifest"),
        (without_manifest, "manifest.json: not found"),
        (with_a_broken_manifest, "manifest.json: not valid JSON"),
    ],
)
def test_a_damaged_release_is_refused_with_its_reason(release, damage, reason):
    damage(release)
    with pytest.raises(UserError, match=re.escape(reason)):
        open_checked(release)


def rewrite(release, model, changes, **config):
    """Change some of a model's tensors and settings; its networks stay what they are."""
    folder = release / "models" / model
    before, tensors = weights.load(folder)
    networks = {path.name: path.read_bytes() for path in folder.glob("*.onnx")}
    weights.save(folder, tensors | changes(tensors), before | config, networks)


def with_nan_weights(release):
    def changes(tensors):
        vectors = tensors["film_vectors"].copy()
        vectors[3, 0] = np.nan
        return {"film_vectors": vectors}

    rewrite(release, "two_tower", changes)


def with_infinite_text(release):
    text = np.load(release / "text_embeddings.npy")
    text[0, 0] = np.inf
    np.save(release / "text_embeddings.npy", text)


def with_overflowing_scores(release):
    """Each number is finite; the products of vectors and states are not."""
    rewrite(
        release, "two_tower", lambda tensors: {"film_vectors": tensors["film_vectors"] * np.float32(1e20)}
    )


def without_the_last_film(tensors):
    """All tensors have a row for each film."""
    shorter = {name: values[:-1] for name, values in tensors.items()}
    if "films" in shorter:
        shorter["films"] = np.minimum(shorter["films"], FILMS - 2)
    return shorter


def with_models_of_fewer_films(release):
    for model in ("two_tower", "sequential_ridge", "bert4rec"):
        rewrite(release, model, without_the_last_film)


def with_one_model_of_fewer_films(release):
    rewrite(release, "bert4rec", without_the_last_film)


def with_followers_that_no_film_is(release):
    def changes(tensors):
        beyond = tensors["films"].copy()
        beyond[3, 0] = FILMS
        return {"films": beyond}

    rewrite(release, "sequential_ridge", changes)


def with_followers_of_another_shape(release):
    rewrite(release, "sequential_ridge", lambda tensors: {"strength": tensors["strength"][:, :-1]})


def with_vectors_of_another_type(release):
    def changes(tensors):
        return {"film_vectors": tensors["film_vectors"].astype(np.int32)}

    rewrite(release, "bert4rec", changes)


def with_vectors_that_the_network_cannot_read(release):
    def changes(tensors):
        return {"film_vectors": np.ascontiguousarray(tensors["film_vectors"][:, :-1])}

    rewrite(release, "bert4rec", changes)


def without_a_tensor(release):
    folder = release / "models/bert4rec"
    config, tensors = weights.load(folder)
    networks = {path.name: path.read_bytes() for path in folder.glob("*.onnx")}
    weights.save(folder, {"film_vectors": tensors["film_vectors"]}, config, networks)


def of_an_unknown_kind(release):
    rewrite(release, "bert4rec", lambda tensors: {}, kind="oracle")


def without_a_network(release):
    (release / "models/bert4rec/network.onnx").unlink()


def with_a_torn_network(release):
    path = release / "models/bert4rec/network.onnx"
    path.write_bytes(path.read_bytes()[:-40])


def with_a_torn_network_of_contributions(release):
    path = release / "models/two_tower/contributions.onnx"
    path.write_bytes(path.read_bytes()[:-40])


def with_the_network_of_another_task(release):
    folder = release / "models/two_tower"
    shutil.copy(folder / "contributions.onnx", folder / "network.onnx")


def with_a_network_of_other_vectors(release):
    networks = tiny.tiny_networks(np.eye(tiny.DIM + 1, dtype=np.float32))
    (release / "models/bert4rec/network.onnx").write_bytes(networks["network.onnx"])


def with_a_network_that_gives_no_numbers(release):
    networks = tiny.tiny_networks(np.full((tiny.DIM, tiny.DIM), np.nan, np.float32))
    (release / "models/bert4rec/network.onnx").write_bytes(networks["network.onnx"])


def with_text_of_fewer_films(release):
    np.save(release / "text_embeddings.npy", np.load(release / "text_embeddings.npy")[:-1])


def with_text_of_another_width(release):
    np.save(release / "text_embeddings.npy", np.load(release / "text_embeddings.npy")[:, :100])


def with_another_table(release):
    (release / "catalogue.arrow").write_bytes((release / "personas.arrow").read_bytes())


def with_a_recipe(change):
    """A damage: the recipe changed by `change`."""

    def damage(release):
        path = release / "two_stage.json"
        recipe = json.loads(path.read_text())
        change(recipe)
        path.write_text(json.dumps(recipe))

    return damage


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (with_nan_weights, "values that are not finite"),
        (with_infinite_text, "values that are not finite"),
        (with_overflowing_scores, "two_tower gives scores that are not finite"),
        (with_models_of_fewer_films, "vocabularies differ"),
        (with_one_model_of_fewer_films, f"different numbers of films: .*'bert4rec': {FILMS - 1}"),
        (with_followers_that_no_film_is, f"names films beyond the {FILMS} there are"),
        (with_followers_of_another_shape, "expected float32"),
        (with_vectors_of_another_type, "film_vectors is int32"),
        (with_vectors_that_the_network_cannot_read, r"network\.onnx: does not fit the film vectors"),
        (with_text_of_fewer_films, "vocabularies differ"),
        (with_text_of_another_width, "expected width 384"),
        (without_a_tensor, "'bias' is missing"),
        (of_an_unknown_kind, "kind: expected one of .*, got 'oracle'"),
        (without_a_network, r"network\.onnx: not found"),
        (with_a_torn_network, r"bert4rec/network\.onnx: no network that ONNX Runtime can run"),
        (with_a_torn_network_of_contributions, r"contributions\.onnx: no network that ONNX Runtime can run"),
        (
            with_the_network_of_another_task,
            r"network\.onnx: takes films, present, items, expected films, present",
        ),
        (with_a_network_of_other_vectors, r"network\.onnx: does not fit the film vectors"),
        (with_a_network_that_gives_no_numbers, "bert4rec gives scores that are not finite"),
        (with_another_table, "has other columns"),
        (with_a_recipe(lambda recipe: recipe["rankers"][0].update(weight="much")), "could not convert"),
        (with_a_recipe(lambda recipe: recipe["rankers"][0].update(name="oracle")), "'oracle' is missing, or"),
        (with_a_recipe(lambda recipe: recipe.pop("rankers")), r"two_stage\.json: 'rankers' is missing"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # overflow is what one case is about
def test_a_release_that_is_whole_but_would_not_serve_is_refused(release, damage, reason, seal):
    damage(release)
    with pytest.raises(UserError, match=reason):
        open_checked(seal(release))


def test_a_refused_release_leaves_current_where_it_was(folder, release, seal):
    broken = Path(shutil.copytree(release, folder / "fedcba987654"))
    with_nan_weights(broken)
    with pytest.raises(UserError, match="not finite"):
        releases.activate(folder, seal(broken).name)
    with pytest.raises(UserError, match="there is no release '000000000000'"):
        releases.activate(folder, "000000000000")
    with pytest.raises(UserError, match="there is no release"):
        releases.activate(folder, "../../etc")
    assert releases.current(folder) == release.name


def test_a_fresh_process_answers_a_smoke_query(tiny_release, release):
    smoke_query(tiny_release)
    half_copied(release)
    with pytest.raises(
        UserError, match=r"smoke query failed: .*models/bert4rec/model\.safetensors is missing"
    ):
        smoke_query(release)


@pytest.mark.usefixtures("without_encoder")
def test_a_release_damaged_on_disk_is_published_anew(tiny_project, folder, release):
    one_bit_flipped(release)
    assert releases.publish(tiny_project, folder, NOW) == release.name
    open_checked(release)


@pytest.mark.usefixtures("without_encoder", "same_process")
def test_rollback_goes_back_one_release_at_a_time_over_broken_ones(folder, release, other_project, tmp_path):
    second = releases.publish(other_project, folder, NOW + timedelta(hours=1))
    releases.activate(folder, second)
    third_project = tiny.make_project(tmp_path / "third", seed=9)
    third = releases.publish(third_project, folder, NOW + timedelta(hours=2))
    releases.activate(folder, third)
    assert [(item.release_id, item.current, item.former) for item in releases.listing(folder)] == [
        (third, True, False),
        (second, False, True),
        (release.name, False, False),
    ]
    half_copied(folder / second)
    assert releases.rollback(folder) == release.name
    assert releases.current(folder) == release.name
    with pytest.raises(UserError, match="no earlier release"):
        releases.rollback(folder)


@pytest.mark.usefixtures("without_encoder", "same_process")
def test_a_rollback_after_a_rollback_does_not_come_back(folder, release, other_project):
    second = releases.publish(other_project, folder, NOW)
    for release_id in (second, release.name, second):
        releases.activate(folder, release_id)
    assert releases.rollback(folder) == release.name
    assert releases.rollback(folder) == second
    assert releases.rollback(folder) == release.name
    with pytest.raises(UserError, match="no earlier release"):
        releases.rollback(folder)


@pytest.mark.usefixtures("without_encoder", "same_process")
def test_a_kill_between_move_and_note_loses_nothing(folder, release, other_project):
    second = releases.publish(other_project, folder, NOW)
    releases.activate(folder, second)
    (folder / "activated.json").unlink()
    (folder / "current").unlink()
    (folder / "current").symlink_to(release.name)
    releases.activate(folder, second)
    (folder / "current").unlink()
    (folder / "current").symlink_to(release.name)  # moved, not noted
    assert releases.rollback(folder) == second


@pytest.mark.usefixtures("without_encoder", "same_process")
def test_prune_keeps_the_release_in_service_and_the_one_before(folder, release, other_project):
    second = releases.publish(other_project, folder, NOW + timedelta(days=1))
    releases.activate(folder, second)
    for number in range(4):  # newer, but never in service
        newer = Path(shutil.copytree(release, folder / f"{number:012}"))
        manifest = json.loads((newer / MANIFEST).read_text())
        manifest |= {"published_at": f"2026-02-0{number + 1}T00:00:00+00:00", "release_id": newer.name}
        (newer / MANIFEST).write_text(json.dumps(manifest))
    (folder / ".unfinished-old").mkdir()
    (folder / ".unfinished-link").symlink_to("nowhere")
    assert releases.prune(folder, 3) == ["000000000002", "000000000001", "000000000000"]
    assert {item.release_id for item in releases.listing(folder)} == {second, release.name, "000000000003"}
    assert not list(folder.glob(".unfinished*"))
    assert releases.prune(folder, 2) == ["000000000003"]
    assert releases.rollback(folder) == release.name


def test_without_releases_every_command_says_so(tmp_path):
    assert releases.current(tmp_path / "none") is None
    assert releases.listing(tmp_path) == []
    with pytest.raises(UserError, match="there are no releases yet"):
        releases.activate(tmp_path / "none", "0123456789ab")
    with pytest.raises(UserError, match="no earlier release"):
        releases.rollback(tmp_path)


PUBLISH_ON_A_FULL_DISK = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from movie_genie.cli import run
from movie_genie.releases import store as releases

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # no file may grow larger
run(lambda: releases.publish(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC)))
"""


def test_a_full_disk_is_one_clear_line_and_leaves_no_half_release(folder, release, other_project):
    command = [sys.executable, "-c", PUBLISH_ON_A_FULL_DISK, str(other_project), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"error: [^\n]*releases: the release could not be written: [^\n]*\n", done.stderr)
    assert [item.release_id for item in releases.listing(folder)] == [release.name]
    assert not list(folder.glob(".unfinished*"))


PUBLISH_SLOWLY = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from movie_genie.releases import content as contents
from movie_genie.releases import store as releases

copy = contents._copy
def slowly(source, target):
    print(target.name, flush=True)
    time.sleep(0.1)
    copy(source, target)
contents._copy = slowly
contents.QueryEncoder.export = lambda target: None
releases.publish(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC))
"""


@pytest.mark.usefixtures("without_encoder", "same_process")
@pytest.mark.parametrize("after", ["two_tower", "web"])
def test_a_kill_while_publishing_leaves_no_half_release(folder, release, other_project, after):
    command = [sys.executable, "-c", PUBLISH_SLOWLY, str(other_project), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as publisher:
        assert publisher.stdout is not None
        for line in publisher.stdout:
            if line.strip() == after:
                time.sleep(0.05)
                publisher.send_signal(signal.SIGKILL)
    assert [item.release_id for item in releases.listing(folder)] == [release.name]
    assert releases.current(folder) == release.name
    published = releases.publish(other_project, folder, NOW)  # the lock of the dead one does not hold it up
    releases.activate(folder, published)
    releases.prune(folder, 2)
    assert not list(folder.glob(".unfinished*"))
