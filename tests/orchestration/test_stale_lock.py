"""A lock outlives a killed DVC; it must never outlive the next start, nor be taken from a living one."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import yaml

from movie_genie.orchestration.stale_lock import clear_stale, command_line, is_whole

DVC = Path(sys.executable).with_name("dvc")
SLOW = """\
stages:
  slow:
    cmd: sh -c 'touch started; while [ ! -e go ]; do sleep 0.05; done; echo done > out'
    outs: [out]
"""


@pytest.fixture(scope="module")
def empty_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    subprocess.run([DVC, "init", "-q", "--no-scm"], cwd=folder, check=True)
    (folder / "dvc.yaml").write_text(SLOW)
    return folder


@pytest.fixture
def project(tmp_path: Path, empty_project: Path) -> Path:
    return shutil.copytree(empty_project, tmp_path / "project")


def start(project: Path) -> subprocess.Popen[bytes]:
    """A running `dvc repro`, as Airflow starts one: leader of its own group, inside its stage."""
    (project / "started").unlink(missing_ok=True)
    process = subprocess.Popen(
        [DVC, "--wait-for-lock", "repro", "--single-item", "slow"], cwd=project, start_new_session=True
    )
    wait_for((project / "started").exists)
    return process


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def entries(project: Path) -> dict[str, dict[str, object]]:
    return json.loads((project / ".dvc/tmp/rwlock").read_text())


def members_of_group(group: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == group and command_line(int(folder.name)):
                found.append(int(folder.name))
        except ProcessLookupError:
            continue
    return found


def test_a_killed_dvcs_lock_is_cleared_and_its_stage_ended(project):
    process = start(project)
    process.kill()
    process.wait()
    assert members_of_group(process.pid), "the stage outlives its DVC, or this test shows nothing"
    cleared = clear_stale(project)
    assert len(cleared) == 1
    assert f"process {process.pid}" in cleared[0]
    assert entries(project) == {"write": {}, "read": {}}
    wait_for(lambda: not members_of_group(process.pid))
    (project / "go").touch()
    subprocess.run([DVC, "repro", "-q"], cwd=project, check=True)
    assert (project / "out").read_text() == "done\n"


def test_a_lock_whose_number_lives_again_blocks_dvc_until_it_is_cleared(project):
    (project / "go").touch()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        held = {"pid": stranger.pid, "cmd": f"{DVC} --wait-for-lock repro --single-item slow"}
        lock = project / ".dvc/tmp/rwlock"
        lock.write_text(json.dumps({"write": {str(project / "out"): held}, "read": {}}))
        blocked = subprocess.run([DVC, "repro"], check=False, cwd=project, capture_output=True, text=True)
        assert "is busy" in blocked.stderr
        assert len(clear_stale(project)) == 1
        assert stranger.poll() is None, "the process that has the number now is left alone"
        subprocess.run([DVC, "repro", "-q"], cwd=project, check=True)
    finally:
        stranger.kill()
        stranger.wait()


def test_a_living_dvc_keeps_its_lock(project):
    process = start(project)
    try:
        before = entries(project)
        assert before["write"]
        assert clear_stale(project) == []
        assert entries(project) == before
        (project / "go").touch()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()


@pytest.mark.slow
def test_a_living_dvc_started_as_a_module_keeps_its_lock(project):
    process = subprocess.Popen([sys.executable, "-m", "dvc", "repro", "slow"], cwd=project)
    try:
        wait_for((project / "started").exists)
        assert clear_stale(project) == []
        (project / "go").touch()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()


def test_only_the_dead_holders_entries_go(tmp_path):
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    first = 2**22 + 1  # beyond what Linux gives to processes, so that nobody's group is ended
    living, dead, other = (
        {"pid": first, "cmd": "/venv/bin/dvc repro a"},
        {"pid": first + 1, "cmd": "/venv/bin/dvc repro b"},
        {"pid": first + 2, "cmd": "/venv/bin/dvc repro c"},
    )
    lock = tmp_path / ".dvc/tmp/rwlock"
    lock.write_text(
        json.dumps({"write": {"x": living, "y": other}, "read": {"z": [dead, living], "w": [dead]}})
    )
    now = {first: "python /venv/bin/dvc repro a", first + 2: "/usr/sbin/cron -f"}.get
    assert len(clear_stale(tmp_path, running=now)) == 2
    assert json.loads(lock.read_text()) == {"write": {"x": living}, "read": {"z": [living]}}


@pytest.mark.slow
def test_a_half_written_lock_is_removed_and_dvc_runs_again(project):
    (project / "go").touch()
    (project / ".dvc/tmp/rwlock").write_text('{"write": {"x"')
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.run([DVC, "repro", "-q"], cwd=project, check=True)
    assert clear_stale(project) == ["the lock file was half written and is removed"]
    subprocess.run([DVC, "repro", "-q"], cwd=project, check=True)


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 37], ids=["empty", "cut off"])
def test_a_half_written_dvc_lock_is_replaced_and_nothing_runs_twice(project, size):
    (project / "dvc.yaml").write_text(
        "stages: {once: {cmd: cp in out; echo x >> ran, deps: [in], outs: [out]}}"
    )
    (project / "in").write_text("1")
    subprocess.run([DVC, "repro", "-q"], cwd=project, check=True)
    record = project / "dvc.lock"
    whole = record.read_bytes()
    record.write_bytes(whole[:size])
    refused = subprocess.run([DVC, "repro"], check=False, cwd=project, capture_output=True, text=True)
    assert refused.returncode
    assert "dvc.lock" in refused.stderr
    (line,) = clear_stale(project)
    assert line.startswith("dvc.lock was half written")
    subprocess.run([DVC, "repro", "-q"], cwd=project, check=True)
    assert record.read_bytes() == whole
    assert (project / "ran").read_text() == "x\n"


def test_a_half_written_dvc_lock_behind_a_link_is_replaced_where_it_lies(project):
    (project / ".dvc/cache").mkdir(exist_ok=True)
    target, record = project / ".dvc/cache/dvc.lock", project / "dvc.lock"
    record.symlink_to(".dvc/cache/dvc.lock")
    target.write_text("schema: '2.0'\nstages:\n  slow")
    (project / ".dvc/tmp/lock").touch()
    assert len(clear_stale(project)) == 1
    assert record.is_symlink(), "in a container it leads to the volume, which outlives the container"
    (project / "go").touch()
    subprocess.run([DVC, "repro", "-q"], cwd=project, check=True)
    assert "slow" in yaml.safe_load(target.read_text())["stages"]


WHOLE = b"""\
schema: '2.0'
stages:
  one:
    cmd:
    - cp in out
    - 'echo a
      long line'
    deps:
    - path: in
      hash: md5
      md5: c4ca4238a0b923820dcc509a6f75849b
      size: 1
    params:
      params.yaml:
        depth: 3
        nothing: null
    outs:
    - path: out
      hash: md5
      md5: c4ca4238a0b923820dcc509a6f75849b
      size: 1
"""


def test_wherever_a_dvc_lock_is_cut_off_dvc_can_read_it_or_it_is_seen():
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA

    assert is_whole(WHOLE)
    COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(WHOLE))
    unseen = [WHOLE[:size] for size in range(len(WHOLE)) if is_whole(WHOLE[:size])]
    assert len(unseen) < 20
    for part in unseen:
        COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(part))


def test_a_dvc_lock_that_is_being_written_is_left_alone(project):
    record, guard = project / "dvc.lock", project / ".dvc/tmp/lock"
    record.write_text("")
    found: list[list[str]] = []
    looking = threading.Thread(target=lambda: found.append(clear_stale(project)))
    with guard.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        looking.start()
        looking.join(timeout=0.5)
        assert looking.is_alive(), "it waits for the writer"
        record.write_text("schema: '2.0'\nstages: {}\n")
    looking.join(timeout=30)
    assert found == [[]]
    assert record.exists()


def test_nothing_to_clear_is_no_error(tmp_path):
    assert clear_stale(tmp_path) == []


def test_an_ended_process_that_nobody_has_waited_for_counts_as_gone():
    process = subprocess.Popen(["true"])
    wait_for(lambda: command_line(process.pid) is None)
    assert process.wait() == 0
    process = subprocess.Popen(["sleep", "60"])
    wait_for(lambda: command_line(process.pid) == "sleep 60")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_a_process_that_the_system_tells_nothing_about_keeps_its_lock(tmp_path):
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    lock = tmp_path / ".dvc/tmp/rwlock"
    lock.write_text(json.dumps({"write": {"x": {"pid": 1, "cmd": "/venv/bin/dvc repro a"}}}))

    def denied(pid):
        raise psutil.AccessDenied(pid)

    before = lock.read_bytes()
    assert clear_stale(tmp_path, running=denied) == []
    assert lock.read_bytes() == before
