"""Nights of a real Airflow on a small pipeline: new ratings, nothing new, a failing gate, kills, a restart.

The tests share one Airflow (its start takes a minute) and one project, and each says what it changes there.
"""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest
from real_airflow import RealAirflow, free_port, need_airflow, variable, wait_for
from small_pipeline import make_project, ran

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]

STAGES = {
    "ingest",
    "sequential_processing",
    "content_features",
    "two_tower_training",
    "bert4rec_training",
    "integrated_evaluation",
    "frontend_build",
    "backend_server",
}
TRAININGS = ("two_tower_training", "bert4rec_training")


class Hook(HTTPServer):
    """Keeps what Airflow posts when a task fails."""

    def __init__(self) -> None:
        self.posted: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), HookHandler)


class HookHandler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        self.server.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with Hook() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, hook: Hook) -> Iterator[RealAirflow]:
    need_airflow()
    project = make_project(tmp_path_factory.mktemp("airflow") / "project", server_port=free_port())
    running = RealAirflow(project, **variable("failure_webhook", f"http://127.0.0.1:{hook.server_port}/"))
    try:
        running.start()
        yield running
    finally:
        running.stop()
        kill_server(project)


def kill_server(project: Path) -> None:
    """Kill the server that the deployment of this project started, if there is one."""
    pid_file = project / "run" / "server.pid"
    if pid_file.exists() and psutil.pid_exists(int(pid_file.read_text())):
        server = psutil.Process(int(pid_file.read_text()))
        assert "http.server" in server.cmdline()
        server.kill()
        wait_for(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


def served(project: Path) -> str:
    """Which release answers."""
    port = (project / "run" / "port").read_text()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/current/id.txt", timeout=5) as answer:
        return answer.read().decode()


def test_a_first_run_is_green_and_trains_both_models_at_the_same_time(airflow):
    for name in TRAININGS:
        (airflow.project / "sleep" / name).write_text("6")
    run, done = airflow.run()
    for name in TRAININGS:
        (airflow.project / "sleep" / name).unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    tasks = run.tasks()
    assert {name: task["state"] for name, task in tasks.items()} == dict.fromkeys(
        STAGES | {"feedback_snapshot"}, "success"
    )
    assert sorted(ran(airflow.project)) == sorted(STAGES)
    one, two = (tasks[name] for name in TRAININGS)
    assert min(one["end_date"], two["end_date"]) > max(one["start_date"], two["start_date"])
    assert served(airflow.project)
    # Its logs show the stages' own output, and XCom their metrics.
    assert "two_tower_training says hello" in run.log("two_tower_training")
    metrics = json.loads((airflow.project / "models" / "two_tower" / "metrics.json").read_text())
    assert run.xcom("two_tower_training") == {"two_tower/metrics.json": metrics}
    assert {"results/key_metrics.json", "results/gate.json"} <= set(run.xcom("integrated_evaluation"))


def test_a_night_without_news_publishes_nothing_and_brings_a_dead_server_back(airflow):
    before = served(airflow.project)
    kill_server(airflow.project)
    with pytest.raises(OSError):
        served(airflow.project)
    began = time.monotonic()
    run, done = airflow.run()
    assert done.returncode == 0, done.stdout
    assert time.monotonic() - began <= 90
    assert ran(airflow.project) == ["backend_server"]
    for name in STAGES - {"backend_server"}:
        assert f"Stage '{name}' didn't change, skipping" in run.log(name)
    assert "the same release serves already" in run.log("backend_server")
    assert served(airflow.project) == before


def test_a_night_with_new_ratings_retrains_and_deploys(airflow):
    before = served(airflow.project)
    (airflow.project / "votes.txt").write_text("five stars")
    _, done = airflow.run()
    assert done.returncode == 0, done.stdout
    assert set(ran(airflow.project)) == STAGES - {"frontend_build"}
    assert served(airflow.project) != before
    assert len(list((airflow.project / "releases").glob("*/id.txt"))) > 1


def test_a_failing_gate_stops_the_deployment_and_the_old_release_answers(airflow, hook):
    before = served(airflow.project)
    gate = airflow.project / "configs" / "integrated_evaluation.txt"
    gate.write_text("fail\n")
    hook.posted.clear()
    run, done = airflow.run()
    assert done.returncode == 1
    assert "failed in integrated_evaluation" in done.stderr
    tasks = run.tasks()
    assert tasks["integrated_evaluation"]["state"] == "failed"
    assert tasks["integrated_evaluation"]["try_number"] == 1, "a verdict is not retried"
    assert tasks["backend_server"]["state"] == "upstream_failed"
    assert "the gate says no: ndcg_at_10 0.01" in run.log("integrated_evaluation")
    assert (airflow.project / "results" / "gate.json").exists(), "the verdict can be read"
    assert served(airflow.project) == before
    wait_for(lambda: hook.posted)
    assert [message["task_id"] for message in hook.posted] == ["integrated_evaluation"]
    assert "movie_genie: integrated_evaluation failed in run" in hook.posted[0]["text"]
    gate.write_text("as it is\n")
    ran(airflow.project)


def words(process: psutil.Process) -> list[str]:
    """A process's command line; of one that has ended, none."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def dvc_of(stage: str, project: Path) -> psutil.Process | None:
    """The DVC process that runs a stage of the project now."""
    for process in psutil.process_iter():
        if {stage, "repro"} <= set(words(process)):
            with contextlib.suppress(psutil.Error):
                if process.cwd() == str(project) and process.children():
                    return process
    return None


def test_stages_killed_on_the_way_are_run_again_and_the_run_completes(airflow):
    """SIGTERM to one training's group, as Airflow sends it; SIGKILL to the other's DVC alone."""
    for name in TRAININGS:
        (airflow.project / "configs" / f"{name}.txt").write_text("killed on the way\n")
        (airflow.project / "sleep" / name).write_text("30")
    run = airflow.trigger()
    for name, number in zip(TRAININGS, (signal.SIGTERM, signal.SIGKILL), strict=True):
        wait_for(lambda name=name: dvc_of(name, airflow.project), 90)
        (airflow.project / "sleep" / name).unlink()
        dvc = dvc_of(name, airflow.project)
        orphan = dvc.children()[0]
        if number == signal.SIGTERM:
            os.killpg(dvc.pid, number)
        else:
            dvc.send_signal(number)
            assert orphan.is_running()
    assert run.wait() == "success"
    assert {run.tasks()[name]["try_number"] for name in TRAININGS} == {2}
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    lock = json.loads((airflow.project / ".dvc" / "tmp" / "rwlock").read_text())
    assert not lock.get("write")
    assert not lock.get("read")
    ran(airflow.project)


def test_ctrl_c_stops_all_but_the_server_and_the_next_start_goes_on(airflow):
    before = served(airflow.project)
    slow = airflow.project / "sleep" / "two_tower_training"
    slow.write_text("300")
    (airflow.project / "configs" / "two_tower_training.txt").write_text("stopped on the way\n")
    run = airflow.trigger()
    wait_for(lambda: dvc_of("two_tower_training", airflow.project), 90)
    family = psutil.Process(airflow.pid).children(recursive=True)
    assert any("stage.py" in words(process) for process in family)
    airflow.stop()
    alive = [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert alive == []
    assert served(airflow.project) == before
    slow.unlink()
    airflow.start()
    assert "password was shown at the first start" in airflow.output.read_text()
    assert run.wait() == "success"
    assert served(airflow.project) != before


def test_a_taken_port_is_named(airflow):
    other = RealAirflow(airflow.project)
    other.port = airflow.port
    with pytest.raises(AssertionError, match=f"error: port {airflow.port} of 127.0.0.1 is taken"):
        other.start()


def test_the_secrets_stay_out_of_git(airflow):
    changed = subprocess.run(
        ["git", "status", "--short", "--untracked-files=all"],
        cwd=airflow.project,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "run/" not in changed
