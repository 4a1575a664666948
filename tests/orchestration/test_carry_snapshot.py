"""A snapshot reaches other machines through the DVC remote, whole and unchanged or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.fs import LocalFileSystem

from movie_genie.orchestration.carry_snapshot import SnapshotError, pull, push

MODULE = [sys.executable, "-m", "movie_genie.orchestration.carry_snapshot"]


class Remote:
    """A folder as DVC's remote, with DVC's own file system."""

    def __init__(self, path: Path) -> None:
        self.fs = LocalFileSystem()
        self.path = str(path)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "remote")


def test_what_is_pushed_is_pulled_elsewhere(tmp_path, remote):
    here, there = tmp_path / "here.parquet", tmp_path / "there" / "deep" / "ratings.parquet"
    here.write_bytes(b"ratings" * 1000)
    digest = push(here, remote)
    assert push(here, remote) == digest, "the same bytes are the same snapshot"
    pull(there, digest, remote)
    assert there.read_bytes() == here.read_bytes()
    assert [path.name for path in there.parent.iterdir()] == ["ratings.parquet"]
    assert [path.name for path in (tmp_path / "remote" / "snapshots").iterdir()] == [digest]


def test_without_ratings_the_file_is_absent_everywhere(tmp_path, remote):
    assert push(tmp_path / "nothing", remote) == "none"
    old = tmp_path / "old"
    old.write_text("of a former run")
    pull(old, "none", remote)
    assert not old.exists()


def test_a_pull_replaces_another_runs_snapshot_and_leaves_its_own_alone(tmp_path, remote):
    here, there = tmp_path / "here", tmp_path / "there"
    here.write_text("new")
    there.write_text("old")
    digest = push(here, remote)
    pull(there, digest, remote)
    assert there.read_text() == "new"
    before = there.stat()
    pull(there, digest, Remote(tmp_path / "unreachable"))
    assert there.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("digest", ["", "None", "../../etc/passwd", "0" * 64])
def test_a_digest_that_leads_nowhere_is_refused_and_the_file_kept(tmp_path, remote, digest):
    there = tmp_path / "there"
    there.write_text("old")
    with pytest.raises(SnapshotError):
        pull(there, digest, remote)
    assert there.read_text() == "old"


def test_a_damaged_snapshot_is_refused_and_the_file_kept(tmp_path, remote):
    here, there = tmp_path / "here", tmp_path / "there"
    here.write_text("new")
    there.write_text("old")
    digest = push(here, remote)
    (tmp_path / "remote" / "snapshots" / digest).write_text("damaged")
    with pytest.raises(SnapshotError, match="not what its name says"):
        pull(there, digest, remote)
    assert there.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"here", "there", "remote"}


def test_the_command_line_uses_the_projects_remote(tmp_path):
    dvc = Path(sys.executable).with_name("dvc")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        subprocess.run([dvc, "init", "-q", "--no-scm"], cwd=tmp_path / name, check=True)
    (tmp_path / "one" / "votes").write_text("five stars")
    missing = subprocess.run(
        [*MODULE, "push", "votes"], check=False, cwd=tmp_path / "one", capture_output=True, text=True
    )
    assert missing.returncode == 1
    assert "no remote" in missing.stderr
    assert missing.stderr.count("\n") == 1
    for name in ("one", "two"):
        (tmp_path / name / ".dvc" / "config").write_text(
            f"[core]\n  remote = r\n  no_scm = true\n['remote \"r\"']\n  url = {tmp_path / 'remote'}\n"
        )
    pushed = subprocess.run(
        [*MODULE, "push", "votes"], cwd=tmp_path / "one", capture_output=True, text=True, check=True
    )
    digest = pushed.stdout.splitlines()[-1]
    subprocess.run(
        [*MODULE, "pull", "votes"],
        cwd=tmp_path / "two",
        env={**os.environ, "SNAPSHOT": digest},
        check=True,
    )
    assert (tmp_path / "two" / "votes").read_text() == "five stars"
