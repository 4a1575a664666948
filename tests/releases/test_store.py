import json
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tiny
from damaged_releases import half_copied, one_bit_flipped, with_nan_weights

from movie_genie.errors import UserError
from movie_genie.files import digest
from movie_genie.releases import store as releases
from movie_genie.releases.checks import open_checked
from movie_genie.releases.content import MANIFEST

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.usefixtures("without_text_model")
def test_the_same_content_is_the_same_release(tiny_project, folder, release):
    before = (release / MANIFEST).read_bytes()
    assert releases.publish(tiny_project, folder, NOW + timedelta(days=1)) == release.name
    assert (release / MANIFEST).read_bytes() == before


@pytest.mark.usefixtures("without_text_model", "same_process")
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


@pytest.mark.usefixtures("without_text_model")
def test_a_missing_output_stops_publishing_and_leaves_nothing_behind(tiny_project, folder, tmp_path):
    project = Path(shutil.copytree(tiny_project, tmp_path / "project"))
    (project / "results/two_stage.json").unlink()
    before = {path.name for path in folder.iterdir()}
    with pytest.raises(UserError, match=r"results/two_stage\.json: not found"):
        releases.publish(project, folder, NOW)
    assert {path.name for path in folder.iterdir()} == before | {".lock"}


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


@pytest.mark.usefixtures("without_text_model")
def test_a_release_damaged_on_disk_is_published_anew(tiny_project, folder, release):
    one_bit_flipped(release)
    assert releases.publish(tiny_project, folder, NOW) == release.name
    open_checked(release)


@pytest.mark.usefixtures("without_text_model", "same_process")
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


@pytest.mark.usefixtures("without_text_model", "same_process")
def test_a_rollback_after_a_rollback_does_not_come_back(folder, release, other_project):
    second = releases.publish(other_project, folder, NOW)
    for release_id in (second, release.name, second):
        releases.activate(folder, release_id)
    assert releases.rollback(folder) == release.name
    assert releases.rollback(folder) == second
    assert releases.rollback(folder) == release.name
    with pytest.raises(UserError, match="no earlier release"):
        releases.rollback(folder)


@pytest.mark.usefixtures("without_text_model", "same_process")
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


@pytest.mark.usefixtures("without_text_model", "same_process")
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


@pytest.mark.usefixtures("linked_text_model")
def test_a_link_to_a_release_under_another_id_is_not_put_into_service(tiny_project, folder, release):
    whole = releases.publish(tiny_project, folder, NOW)
    (folder / "0123456789ab").symlink_to(whole)
    with pytest.raises(UserError, match="there is no release '0123456789ab'"):
        releases.activate(folder, "0123456789ab")
    assert releases.current(folder) == release.name


BROKEN_NOTES = [
    "{}", "null", "[]", "", '{"activated": null, "withdrawn": null}', '{"activated": "abc", "withdrawn": "abc"}',
    '{"activated": [1], "withdrawn": [[]]}',
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN_NOTES)
@pytest.mark.usefixtures("without_text_model", "same_process")
def test_a_history_that_cannot_be_read_is_begun_anew_and_stops_nothing(
    folder, release, other_project, caplog, text
):
    second = releases.publish(other_project, folder, NOW + timedelta(hours=1))
    releases.activate(folder, second)
    for name in (releases.ACTIVATED, releases.WITHDRAWN):
        (folder / name).write_text(text)
    assert [(item.release_id, item.current, item.former) for item in releases.listing(folder)] == [
        (second, True, False),
        (release.name, False, False),
    ]
    assert not releases.is_withdrawn(folder, release.name)
    for name in (releases.ACTIVATED, releases.WITHDRAWN):
        assert f"{folder / name}: " in caplog.text
    assert all(record.levelname == "WARNING" and "\n" not in record.message for record in caplog.records)
    with pytest.raises(UserError, match="no earlier release"):
        releases.rollback(folder)
    releases.activate(folder, release.name)
    assert releases.rollback(folder) == second
    assert releases.is_withdrawn(folder, release.name)


@pytest.mark.usefixtures("without_text_model", "same_process")
def test_a_history_that_is_a_folder_is_begun_anew(folder, release, other_project):
    second = releases.publish(other_project, folder, NOW)
    for name in (releases.ACTIVATED, releases.WITHDRAWN):
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()
    releases.activate(folder, second)
    assert releases.rollback(folder) == release.name


@pytest.mark.parametrize(
    "wrong",
    [
        {"published_at": None},
        {"published_at": "yesterday"},
        {"published_at": "2026-01-01T00:00:00"},  # of which time zone?
        {"git_revision": 7},
        {"data_revision": ["a"]},
    ],
)
def test_a_release_whose_manifest_is_not_one_is_passed_over_in_the_list(folder, release, caplog, wrong):
    other = Path(shutil.copytree(release, folder / "0123456789ab"))
    manifest = json.loads((other / MANIFEST).read_text())
    (other / MANIFEST).write_text(json.dumps(manifest | wrong))
    assert [item.release_id for item in releases.listing(folder)] == [release.name]
    assert f"passed over: {other / MANIFEST}" in caplog.text


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
contents.copy_text_model = lambda project, target: None
releases.publish(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC))
"""


@pytest.mark.usefixtures("without_text_model", "same_process")
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
