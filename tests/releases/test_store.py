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
    assert {"two_tower/model.safetensors", "bert4rec/model.safetensors", "web/index.html"} <= set(
        manifest["files"]
    )
    assert manifest["gate"]["passed"] is True
    assert manifest["metrics"]["leave_one_out_integrated_ndcg_at_10"] == 0.2


@pytest.mark.usefixtures("without_encoder")
def test_a_missing_output_stops_publishing_and_leaves_nothing_behind(tiny_project, folder, tmp_path):
    project = Path(shutil.copytree(tiny_project, tmp_path / "project"))
    (project / "results/fusion.json").unlink()
    before = {path.name for path in folder.iterdir()}
    with pytest.raises(UserError, match=r"results/fusion\.json: not found"):
        releases.publish(project, folder, NOW)
    assert {path.name for path in folder.iterdir()} == before | {".lock"}


def half_copied(release):
    (release / "bert4rec/model.safetensors").unlink()


def truncated(release):
    with (release / "text_embeddings.npy").open("r+b") as file:
        file.truncate(500)


def one_bit_flipped(release):
    path = release / "two_tower/model.safetensors"
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
        (half_copied, "bert4rec/model.safetensors is missing; the release is only partly there"),
        (truncated, "text_embeddings.npy was changed"),
        (one_bit_flipped, "two_tower/model.safetensors was changed"),
        (with_a_stray_file, "web/evil.js is not in the manifest"),
        (without_manifest, "manifest.json: not found"),
        (with_a_broken_manifest, "manifest.json: not valid JSON"),
    ],
)
def test_a_damaged_release_is_refused_with_its_reason(release, damage, reason):
    damage(release)
    with pytest.raises(UserError, match=re.escape(reason)):
        open_checked(release)


def with_nan_weights(release):
    config, tensors = weights.load(release / "two_tower")
    tensors = {name: np.array(values) for name, values in tensors.items()}
    tensors["item_vectors"][3, 0] = np.nan
    weights.save(release / "two_tower", tensors, config)


def with_infinite_text(release):
    text = np.load(release / "text_embeddings.npy")
    text[0, 0] = np.inf
    np.save(release / "text_embeddings.npy", text)


def with_overflowing_scores(release):
    config, tensors = weights.load(release / "two_tower")
    tensors = {name: np.array(values) for name, values in tensors.items()}
    tensors["item_vectors"] *= np.float32(1e20)  # finite, but their products with the other are not
    tensors["user_tower.out.bias"] += np.float32(1e20)
    weights.save(release / "two_tower", tensors, config)


def with_models_of_fewer_films(release):
    for model in ("two_tower", "bert4rec"):
        config, tensors = weights.load(release / model)
        films = len(tensors["bias"])
        tensors = {name: values[:-1] if len(values) == films else values for name, values in tensors.items()}
        if model == "two_tower":
            tensors["neighbours.films"] = np.minimum(tensors["neighbours.films"], films - 2)
        weights.save(release / model, tensors, config)


def with_followers_that_no_film_is(release):
    config, tensors = weights.load(release / "two_tower")
    beyond = tensors["neighbours.films"].copy()
    beyond[3, 0] = len(beyond)
    weights.save(release / "two_tower", tensors | {"neighbours.films": beyond}, config)


def with_a_map_of_another_shape(release):
    config, tensors = weights.load(release / "bert4rec")
    short = {"blocks.0.down.weight": tensors["blocks.0.down.weight"][:, :-1]}
    weights.save(release / "bert4rec", tensors | short, config)


def with_one_model_of_fewer_films(release):
    config, tensors = weights.load(release / "bert4rec")
    films = len(tensors["bias"])
    tensors = {name: values[:-1] if len(values) == films else values for name, values in tensors.items()}
    weights.save(release / "bert4rec", tensors, config)


def with_text_of_fewer_films(release):
    np.save(release / "text_embeddings.npy", np.load(release / "text_embeddings.npy")[:-1])


def with_text_of_another_width(release):
    np.save(release / "text_embeddings.npy", np.load(release / "text_embeddings.npy")[:, :100])


def without_a_tensor(release):
    config, tensors = weights.load(release / "bert4rec")
    del tensors["blocks.1.down.weight"]
    weights.save(release / "bert4rec", tensors, config)


def with_another_table(release):
    (release / "catalogue.arrow").write_bytes((release / "personas.arrow").read_bytes())


def with_a_strange_fusion(release):
    (release / "fusion.json").write_text('{"fusion_weight": "much", "candidates": 30}')


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (with_nan_weights, "values that are not finite"),
        (with_infinite_text, "values that are not finite"),
        (with_overflowing_scores, "two_tower gives scores that are not finite"),
        (with_models_of_fewer_films, "vocabularies differ"),
        (with_followers_that_no_film_is, "names films beyond the 46 there are"),
        (with_a_map_of_another_shape, "expected float32"),
        (with_one_model_of_fewer_films, "knows 46 films"),
        (with_text_of_fewer_films, "vocabularies differ"),
        (with_text_of_another_width, "expected width 384"),
        (without_a_tensor, "is missing"),
        (with_another_table, "has other columns"),
        (with_a_strange_fusion, "could not convert"),
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
    with pytest.raises(UserError, match=r"smoke query failed: .*bert4rec/model\.safetensors is missing"):
        smoke_query(release)


def test_a_smoke_query_refuses_a_text_model_that_gives_no_vectors(tiny_release, seal, tmp_path):
    broken = Path(shutil.copytree(tiny_release, tmp_path / "broken"))
    weights = np.memmap(broken / "query_encoder/network.weights", np.float32, "r+")
    weights[-1000:] = np.nan
    weights.flush()
    with pytest.raises(UserError, match=r"smoke query failed: .*network\.weights may be damaged"):
        smoke_query(seal(broken))


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
contents.QueryEncoder.export = lambda source, folder: None
releases.publish(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC))
"""


@pytest.mark.usefixtures("without_encoder", "same_process")
@pytest.mark.parametrize("after", ["bert4rec", "web"])
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
