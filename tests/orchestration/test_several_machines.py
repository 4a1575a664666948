"""Workers in clones of their own, with nothing in common but git, a Redis, Airflow's API and a DVC remote."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_airflow import PYTHON, RealAirflow, free_port, need_airflow, process_environment, wait_for
from small_pipeline import DVC, furnish, make_project, ran
from test_airflow_runs import STAGES, TRAININGS, kill_server, served

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]

RESULTS = ("results/key_metrics.json", "results/per_user.parquet", "models/bert4rec/weights/content.txt")


class Worker:
    """`make airflow-worker` in a clone."""

    def __init__(self, clone: Path, queues: str) -> None:
        self.clone = clone
        self.log = clone / "run" / "worker.log"
        with self.log.open("w") as output:
            self._process = subprocess.Popen(
                [PYTHON, "scripts/start_airflow.py", "--queues", queues, "--log-port", str(free_port())],
                cwd=clone,
                env=process_environment(clone),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        ready = clone / "run" / "airflow" / "output" / "worker.log"
        wait_for(lambda: ready.exists() and " ready." in ready.read_text(), 120)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=60)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not shutil.which("redis-server"):
        pytest.skip("needs redis-server (Debian's package redis-server)")
    need_airflow()
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}"
    server.terminate()
    server.wait(timeout=20)


@pytest.fixture(scope="module")
def machines(
    tmp_path_factory: pytest.TempPathFactory, redis: str
) -> Iterator[tuple[RealAirflow, Path, Path]]:
    """The Airflow, and two clones with a worker each; only the first takes what belongs to data and web."""
    folder = tmp_path_factory.mktemp("machines")
    api_port = free_port()
    project = make_project(
        folder / "scheduler",
        remote=folder / "remote",
        executor="CeleryExecutor",
        celery={
            "broker_url": f"{redis}/0",
            "result_backend": f"{redis}/1",
            "api_url": f"http://127.0.0.1:{api_port}",
        },
    )
    airflow = RealAirflow(project)
    airflow.port = api_port
    clones, workers = [], []
    try:
        airflow.start()
        for name, queues in (("one", "data,train,web"), ("two", "train")):
            clone = folder / name
            subprocess.run(["git", "clone", "-q", str(project), str(clone)], check=True)
            furnish(clone, free_port())
            (clone / "run" / "airflow").mkdir()
            shutil.copy(project / "run" / "airflow" / "secrets.json", clone / "run" / "airflow")
            clones.append(clone)
            workers.append(Worker(clone, queues))
        yield airflow, clones[0], clones[1]
    finally:
        for worker in workers:
            worker.stop()
        airflow.stop()
        for clone in clones:
            kill_server(clone)


def test_workers_share_the_stages_and_make_what_one_machine_makes(machines, tmp_path):
    airflow, one, two = machines
    (one / "votes.txt").write_text("five stars")  # the viewers' database is where the web queue is
    for clone in (one, two):
        for name in TRAININGS:
            (clone / "sleep" / name).write_text("8")
    run, done = airflow.run()
    assert done.returncode == 0, done.stdout + done.stderr
    ran_by_one, ran_by_two = ran(one), ran(two)
    assert sorted(ran_by_one + ran_by_two) == sorted(STAGES), "each stage runs once, on one machine"
    assert ran_by_two in ([TRAININGS[0]], [TRAININGS[1]])
    first, second = (run.tasks()[name] for name in TRAININGS)
    assert min(first["end_date"], second["end_date"]) > max(first["start_date"], second["start_date"])
    assert ran(airflow.project) == [], "where the scheduler is, nothing runs"
    alone = make_project(tmp_path / "alone", server_port=free_port())
    (alone / "data" / "feedback" / "ratings.parquet").write_text("five stars")
    try:
        subprocess.run([DVC, "repro", "-q"], cwd=alone, check=True)
        for result in RESULTS:
            assert (one / result).read_bytes() == (alone / result).read_bytes()
        assert served(one) == served(alone)
    finally:
        kill_server(alone)


def test_a_second_run_restores_and_runs_nothing_on_any_machine(machines):
    airflow, one, two = machines
    before = served(one)
    _, done = airflow.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert ran(one) == ["backend_server"]
    assert ran(two) == []
    assert served(one) == before


def test_new_ratings_reach_the_machine_that_has_no_database(machines):
    airflow, one, two = machines
    (one / "votes.txt").write_text("one star")
    _, done = airflow.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(ran(one) + ran(two)) == sorted(STAGES - {"frontend_build"})
    assert (two / "data/feedback/ratings.parquet").read_text() == "one star"
