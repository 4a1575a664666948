"""The runner on a real DVC project whose stages are one shell line each."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from workspace import processor_seconds

from movie_genie.errors import UserError
from movie_genie.orchestration.dvc_graph import PipelineGraph
from movie_genie.pipeline.dvc import changes, pipeline_of, running
from movie_genie.pipeline.main import run_pipeline
from movie_genie.pipeline.runner import Runner, StageResult, format_duration
from movie_genie.pipeline.status import StageStatus, after, stage_lines, stage_statuses

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]

# `left` and `right` note when they start and end; `broken` fails as long as `broken.txt` says so.
DIAMOND = """
stages:
  top:
    cmd: echo top speaks; cp in.txt top.txt
    deps: [in.txt]
    outs: [top.txt]
    meta: {group: first}
  left:
    cmd: date +%s.%N > left.txt; sleep 1.5; date +%s.%N >> left.txt
    deps: [top.txt]
    outs: [left.txt]
    meta: {group: middle}
  right:
    cmd: date +%s.%N > right.txt; sleep 1.5; date +%s.%N >> right.txt
    deps: [top.txt]
    outs: [right.txt]
    meta: {group: middle}
  broken:
    cmd:
      - "echo noise; if grep -q no broken.txt; then echo 'error: broken.txt: says no' >&2; exit 1; fi"
      - cp top.txt done.txt
    deps: [top.txt, broken.txt]
    outs: [done.txt]
  last:
    cmd: cat left.txt right.txt done.txt > last.txt
    deps: [left.txt, right.txt, done.txt]
    outs: [last.txt]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, cwd=tmp_path, check=True)
    (tmp_path / ".dvc/config").write_text((ROOT / ".dvc/config").read_text())
    (tmp_path / "dvc.yaml").write_text(DIAMOND)
    (tmp_path / "in.txt").write_text("1\n")
    (tmp_path / "broken.txt").write_text("yes\n")
    return tmp_path


@pytest.fixture
def graph(project: Path) -> PipelineGraph:
    return pipeline_of(project)


def states(results: list[StageResult]) -> dict[str, str]:
    return {result.stage: result.state for result in results}


def times(path: Path) -> tuple[float, float]:
    start, end = map(float, path.read_text().split())
    return start, end


def test_independent_stages_overlap_and_dependents_wait(
    project: Path, graph: PipelineGraph, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set(states(Runner(project, graph).run(graph.order, ())).values()) == {"ran"}
    (left_start, left_end), (right_start, right_end) = (
        times(project / "left.txt"),
        times(project / "right.txt"),
    )
    assert max(left_start, right_start) < min(left_end, right_end)
    lines = capsys.readouterr().out.splitlines()
    assert "top    | top speaks" in lines
    assert all(" | " in line for line in lines)
    assert not any("dvc" in line.lower() for line in lines)
    assert json.dumps(changes(project, list(graph.order))) == "{}"


def test_a_failure_stops_what_depends_on_it_and_nothing_else(
    project: Path, graph: PipelineGraph, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "broken.txt").write_text("no\n")
    with pytest.raises(UserError) as error:
        run_pipeline(project, None, force=False)
    assert str(error.value) == "broken: broken.txt: says no; last not run"
    assert (project / "right.txt").exists()
    assert not (project / "last.txt").exists()
    out = capsys.readouterr().out
    assert "last   | not run: needs broken" in out
    assert ": 3 ran, 1 failed, 1 not run\n" in out

    (project / "broken.txt").write_text("yes\n")
    run_pipeline(project, None, force=False)
    assert ": 2 ran, 3 unchanged\n" in capsys.readouterr().out


def test_a_killed_stage_is_said_to_be_killed(project: Path, graph: PipelineGraph) -> None:
    (project / "dvc.yaml").write_text(DIAMOND.replace("echo top speaks", "echo top speaks; kill -KILL $$"))
    results = Runner(project, pipeline_of(project)).run(["top"], ())
    assert [(result.state, result.why) for result in results] == [("failed", "killed by SIGKILL")]


def test_what_ran_once_is_restored_and_what_is_unchanged_left_alone(
    project: Path, graph: PipelineGraph, capsys: pytest.CaptureFixture[str]
) -> None:
    run_pipeline(project, None, force=False)
    before = times(project / "left.txt")
    (project / "left.txt").unlink()
    capsys.readouterr()
    run_pipeline(project, None, force=False)
    assert times(project / "left.txt") == before
    assert "1 restored, 4 unchanged" in capsys.readouterr().out

    started = processor_seconds()
    run_pipeline(project, None, force=False)
    assert processor_seconds() - started < 5
    assert "5 unchanged" in capsys.readouterr().out

    run_pipeline(project, "first", force=True)
    assert "1 stage in " in (out := capsys.readouterr().out)
    assert "1 ran" in out


def test_a_group_runs_alone_and_says_what_it_lacks(project: Path) -> None:
    with pytest.raises(UserError, match=r"^left needs top.txt, which top makes; run --stage first first$"):
        run_pipeline(project, "middle", force=False)
    run_pipeline(project, "first", force=False)
    run_pipeline(project, "middle", force=False)
    assert not (project / "done.txt").exists()
    with pytest.raises(UserError, match=r"^--stage: expected one of first, middle, broken, last, got web$"):
        run_pipeline(project, "web", force=False)


@pytest.fixture
def run_in_background(project: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = (
        "import signal, sys; from pathlib import Path; from movie_genie.cli import run\n"
        # Where tests run in the background, these are ignored, and so they would be here.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "from movie_genie.pipeline.main import run_pipeline\n"
        "run(lambda: run_pipeline(Path(sys.argv[1]), None, force=False))"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(project)], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)


def at_work(project: Path) -> list[list[str]]:
    """Command lines of processes in the project's folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # it may end while we look
            if process.cwd() == str(project) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.cmdline())
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_run_leaves_no_stage_running_and_no_lock(
    project: Path, graph: PipelineGraph, run_in_background: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    wait_for(project / "left.txt")
    assert at_work(project)
    os.kill(run_in_background.pid, number)
    assert run_in_background.wait(timeout=60) == 130
    assert at_work(project) == []
    assert running(project, graph) == set()
    run_pipeline(project, None, force=False)
    assert (project / "last.txt").exists()


def test_status_tells_running_from_changed_and_from_waiting(
    project: Path, graph: PipelineGraph, run_in_background: subprocess.Popen[bytes]
) -> None:
    wait_for(project / "left.txt")
    lines = dict(line.split(None, 1) for line in stage_lines(project, graph))
    assert lines["left"] == "running"
    assert lines["last"].startswith("waits for ")
    assert lines["top"] == "up to date"
    assert run_in_background.wait(timeout=30) == 0
    assert {line.split(None, 1)[1] for line in stage_lines(project, graph)} == {"up to date"}
    (project / "broken.txt").write_text("yes, again\n")
    lines = dict(line.split(None, 1) for line in stage_lines(project, graph))
    assert lines["broken"] == "to be run: broken.txt modified"
    assert lines["last"] == "to be checked after broken"
    statuses = {status.stage: status for status in stage_statuses(project, graph)}
    assert statuses["broken"] == StageStatus("broken", "changed", "broken.txt modified")
    assert statuses["last"] == StageStatus("last", "behind", "broken")


def test_a_stage_that_never_ran_is_told_from_one_that_changed(project: Path, graph: PipelineGraph) -> None:
    assert {line.split(None, 1)[1] for line in stage_lines(project, graph)} == {"to be run: it never was"}


def test_a_second_run_is_refused_while_one_is_under_way(
    project: Path, run_in_background: subprocess.Popen[bytes]
) -> None:
    wait_for(project / "left.txt")
    with pytest.raises(UserError, match="running already"):
        run_pipeline(project, None, force=False)


def test_everything_downstream_of_a_change_is_after_it(graph: PipelineGraph) -> None:
    assert after(graph, {"top"}) == {"left": "top", "right": "top", "broken": "top", "last": "left"}
    assert after(graph, {"broken"}) == {"last": "broken"}
    assert after(graph, set()) == {}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.44, "0.4 s"), (9.96, "10.0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s")],
)
def test_durations_read_well(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words
