"""The tasks' own commands on a small pipeline: started together, killed, started again. Real DVC, no Airflow."""

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from small_pipeline import DVC, make_project, ran

from movie_genie.orchestration.dvc_graph import load_graph
from movie_genie.orchestration.stage_tasks import Workspace, stage_task

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TRAININGS = ("two_tower_training", "bert4rec_training")
REPETITIONS = 20


@pytest.fixture
def project(tmp_path: Path):
    project = make_project(tmp_path / "project")
    # Nothing here needs the server, so its stage only writes its result.
    pid = project / "run" / "server.pid"
    pid.write_text(str(os.getpid()))
    subprocess.run([DVC, "repro", "-q"], cwd=project, check=True)
    ran(project)
    return project


def start(project: Path, stage: str) -> subprocess.Popen[str]:
    """The stage's task, as Airflow starts it: bash, leader of its own session."""
    graph = load_graph(project / "dvc.yaml")
    task = stage_task(graph.stages[stage], graph, Workspace(project, project / ".venv"))
    return subprocess.Popen(
        ["bash", "-c", task.bash_command],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(project)},
    )


def finish(process: subprocess.Popen[str]) -> None:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output


def recorded(project: Path, stage: str) -> str:
    """The digest of a stage's own configuration that dvc.lock holds."""
    lock = yaml.safe_load((project / "dvc.lock").read_text())
    deps = {dep["path"]: dep["md5"] for dep in lock["stages"][stage]["deps"]}
    return str(deps[f"configs/{stage}.txt"])


def test_trainings_started_together_never_fail_for_a_lock_and_both_are_recorded(project):
    for number in range(REPETITIONS):
        text = f"repetition {number}\n"
        for stage in TRAININGS:
            (project / "configs" / f"{stage}.txt").write_text(text)
        for process in [start(project, stage) for stage in TRAININGS]:
            finish(process)
        wanted = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        assert {recorded(project, stage) for stage in TRAININGS} == {wanted}
        assert sorted(ran(project)) == sorted(TRAININGS)
    status = subprocess.run(
        [DVC, "status", *TRAININGS], cwd=project, capture_output=True, text=True, check=True
    )
    assert "up to date" in status.stdout


def wait_until_it_runs(project: Path, process: subprocess.Popen[str], stage: str) -> None:
    end = time.monotonic() + 60
    while stage not in (
        (project / "run" / "ran.log").read_text() if (project / "run" / "ran.log").exists() else ""
    ):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("how", ["SIGTERM to the group", "SIGKILL to the group", "SIGKILL to DVC alone"])
def test_each_stage_killed_on_its_way_completes_when_started_again(project, tmp_path, how):
    order = load_graph(project / "dvc.yaml").order
    for stage in order:
        (project / "configs" / f"{stage}.txt").write_text(how)
        (project / "sleep" / stage).write_text("60")
        process = start(project, stage)
        wait_until_it_runs(project, process, stage)
        if how == "SIGKILL to DVC alone":
            os.kill(process.pid, signal.SIGKILL)
        else:
            os.killpg(process.pid, signal.SIGTERM if how.startswith("SIGTERM") else signal.SIGKILL)
        process.wait(timeout=30)
        (project / "sleep" / stage).unlink()
        finish(start(project, stage))
        process.stdout.close()
        assert ran(project) == [stage, stage]
    assert json.loads((project / ".dvc/tmp/rwlock").read_text()) in ({}, {"read": {}, "write": {}})
    undisturbed = make_project(tmp_path / "undisturbed")
    (undisturbed / "run" / "server.pid").write_text(str(os.getpid()))
    for stage in order:
        (undisturbed / "configs" / f"{stage}.txt").write_text(how)
    subprocess.run([DVC, "repro", "-q"], cwd=undisturbed, check=True)
    for result in ("results/key_metrics.json", "results/deployment.json"):
        assert (project / result).read_bytes() == (undisturbed / result).read_bytes()
