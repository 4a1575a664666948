"""The stack on a real engine, in the order of its life: first start, a night, kills, a bad night, workers, a backup."""

import threading
import time
from collections.abc import Iterator

import pytest
from stack import DAG, Stack, small_stack, wait_for
from viewer import Viewer

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1500)]

TRAININGS = ("two_tower_training", "bert4rec_training")
COUNT_VIEWERS = (
    "import pandas as pd; from movie_genie.data.schemas import FIRST_VIEWER_ID as first; "
    "print((pd.read_parquet('{}').user_id >= first).sum())"
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    yield from small_stack(tmp_path_factory.mktemp("stack"))


def counts(stack: Stack) -> dict[str, str]:
    """What must not get lost."""
    return {
        "ratings": stack.sql("SELECT count(*) FROM ratings"),
        "accounts": stack.sql("SELECT count(*) FROM viewers"),
        "runs": stack.sql("SELECT count(*) FROM dag_run", "airflow"),
        "trainings": stack.sql("SELECT count(*) FROM runs", "mlflow"),
        "releases": stack.run_in("backend", "sh", "-c", "ls -d releases/????????????/ | wc -l"),
        "served": str(stack.release()),
    }


def count_viewers_ratings(stack: Stack, file: str) -> int:
    return int(stack.run_in("airflow-scheduler", ".venv/bin/python", "-c", COUNT_VIEWERS.format(file)))


def every_worker_serves(stack: Stack) -> None:
    seen: set[int] = set()

    def all_answered() -> bool:
        status, ready = stack.get("/api/ready")
        if status == 200:
            seen.add(ready["worker"])
        return status == 200 and len(seen) >= ready["workers"]

    wait_for(all_answered, 60, "a release in every worker behind nginx")


def settled(stack: Stack) -> None:
    wait_for(stack.all_healthy, 300, "all services healthy")
    every_worker_serves(stack)


def test_one_command_and_the_page_goes_from_first_training_to_recommendations(stack: Stack):
    stack.up()
    assert set(stack.services().values()) == {"healthy"}
    assert stack.get("/api/ready")[0] == 503, "the first training cannot be over yet"
    seen: set[tuple[str, str]] = set()

    def served() -> bool:
        status, progress = stack.get("/api/progress")
        assert status == 200, progress
        stages = progress["stages"]
        seen.update((stage["stage"], stage["state"]) for stage in stages)
        return stack.release() is not None

    wait_for(served, 1200, "the first release")
    assert {("ingest", "done"), ("bert4rec_training", "running"), ("backend_server", "waiting")} <= seen
    every_worker_serves(stack)
    status, recommended = stack.get("/api/personas/1/recommendations?limit=5")
    assert status == 200, recommended
    assert len(recommended["items"]) == 5
    api = stack.airflow()
    wait_for(lambda: [run["state"] for run in api.runs(DAG)] == ["success"], 60, "Airflow's green run")
    assert int(stack.sql("SELECT count(*) FROM runs", "mlflow")) >= len(TRAININGS), "MLflow tracked them"


def test_the_first_admin_signs_in_with_the_password_that_was_made(stack: Stack):
    viewer = Viewer(stack.web)
    credentials = {"name": "admin", "password": stack.secret("admin_password")}
    assert viewer.call("POST", "/api/session", credentials)["is_admin"]
    assert stack.secret("admin_password") not in stack.compose("logs").stdout


def test_an_accounts_rating_through_nginx_is_in_the_database_the_snapshot_and_the_next_training(stack: Stack):
    former = stack.release()
    guest, viewer = Viewer(stack.web), Viewer(stack.web)
    guest.rate(1, 0.5)
    assert guest.call("GET", "/api/me/recommendations?limit=1")["items"], "a guest's counts for the guest"
    viewer.register("ursula", "correct horse battery")
    for film in (1, 50, 260):
        viewer.rate(film, 4.5)
    assert viewer.call("GET", "/api/me/recommendations?limit=1")["items"], "the next answer knows it"
    assert int(stack.sql("SELECT count(*) FROM ratings")) == 4
    state, tasks = stack.night()
    assert state == "success"
    assert count_viewers_ratings(stack, "data/feedback/ratings.parquet") == 3
    assert count_viewers_ratings(stack, "data/raw/ratings.parquet") == 3
    assert "Running stage 'two_tower_training'" in stack.log_of(tasks["two_tower_training"])
    assert stack.release() != former, "the night's release is in service"


def test_down_and_up_lose_nothing_and_the_next_night_runs_nothing(stack: Stack):
    before = counts(stack)
    stack.compose("--profile", "*", "down")
    stack.up()
    settled(stack)
    assert counts(stack) == before
    state, tasks = stack.night()
    assert state == "success"
    ran = [name for name, task in tasks.items() if "Running stage" in stack.log_of(task)]
    assert ran == ["backend_server"], "which always looks whether its release is served"
    assert counts(stack) == before | {"runs": str(int(before["runs"]) + 1)}


def test_restart_brings_everything_back(stack: Stack):
    before = counts(stack)
    stack.compose("restart")
    settled(stack)
    assert counts(stack) == before


def kill_main_process(stack: Stack, service: str) -> None:
    """kill -9 what runs behind the container's init."""
    script = "for it in $(cat /proc/1/task/1/children); do kill -9 $it; done"
    stack.compose("exec", "-T", "--user", "root", service, "bash", "-c", script, check=False)


def test_every_container_comes_back_after_kill_9(stack: Stack):
    before = counts(stack)
    for service in stack.services():
        container = stack.compose("ps", "--quiet", service).stdout.strip()
        started = started_at(stack, container)
        kill_main_process(stack, service)
        wait_for(lambda c=container, s=started: started_at(stack, c) != s, 60, f"a new start of {service}")
    settled(stack)
    assert counts(stack) == before


def started_at(stack: Stack, container: str) -> str:
    return stack.inspect(container, "{{.State.StartedAt}}")


def test_a_killed_backend_answers_again_within_15_seconds_under_load(stack: Stack):
    stop = threading.Event()
    answers: list[int] = []

    def load() -> None:
        while not stop.is_set():
            answers.append(stack.get("/api/personas/1/recommendations?limit=10")[0])

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(2)
        kill_main_process(stack, "backend")
        wait_for(lambda: any(status != 200 for status in answers[-3:]), 10, "the kill to be noticed")
        seconds = wait_for(lambda: set(answers[-3:]) == {200}, 15, "answers again")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    print(f"back after {seconds:.1f} s")


def test_a_failing_gate_leaves_the_former_release_in_service(stack: Stack):
    before = counts(stack)
    stack.gate(1e6)
    stack.up()  # an upgrade is a rebuild
    settled(stack)
    state, tasks = stack.night()
    assert state == "failed"
    assert tasks["integrated_evaluation"]["state"] == "failed"
    assert tasks["backend_server"]["state"] == "upstream_failed"
    assert counts(stack) == before | {"runs": str(int(before["runs"]) + 1)} | {
        "trainings": counts(stack)["trainings"]
    }
    assert stack.get("/api/personas/1/recommendations")[0] == 200


def test_two_workers_share_the_trainings(stack: Stack):
    stack.gate(0.0)
    stack.configure("two_tower", seed=8)
    stack.configure("bert4rec", seed=8)
    former = stack.release()
    cluster = {"AIRFLOW_EXECUTOR": "CeleryExecutor", "COMPOSE_PROFILES": "cluster"}
    stack.up("--scale", "airflow-worker=2", **cluster)
    state, tasks = stack.night()
    assert state == "success"
    hosts = {name: tasks[name]["hostname"] for name in TRAININGS}
    assert len(set(hosts.values())) == 2, hosts
    first, second = (tasks[name] for name in TRAININGS)
    assert min(first["end_date"], second["end_date"]) > max(first["start_date"], second["start_date"])
    assert "Running stage" not in stack.log_of(tasks["content_features"]), (
        "what one machine made is not made again"
    )
    assert stack.release() != former
    stack.up("--remove-orphans")  # one machine again
    stack.compose("--profile", "cluster", "rm", "--force", "--stop", "airflow-worker", "redis")


def test_a_backup_brings_back_what_was_lost(stack: Stack):
    before = counts(stack)
    stack.make("backup")
    (folder,) = (stack.folder / "backups").iterdir()
    assert folder.stat().st_mode & 0o077 == 0, "only its owner reads a backup"
    stack.sql("DELETE FROM ratings")
    stack.run_in("backend", "sh", "-c", "rm -r releases/*")
    stack.make("restore", f"FROM=backups/{folder.name}")
    settled(stack)
    assert counts(stack) == before
