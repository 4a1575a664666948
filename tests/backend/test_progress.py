"""The first training's progress, told to everybody and asked of Airflow sparingly."""

from pathlib import Path

import pytest
from airflow_server import Airflow
from apiflask import APIFlask

from movie_genie.backend.progress import FRESH_SECONDS, FirstTraining
from movie_genie.backend.settings import Settings
from movie_genie.backend.system_outputs import StageProgress


def settings(airflow: Airflow, password: str = "right") -> Settings:
    return Settings(airflow_url=airflow.url, airflow_user="admin", airflow_password=password)


def test_each_stage_of_the_latest_run_is_told_in_our_words(airflow: Airflow):
    airflow.states |= {"integrated_evaluation": "failed", "frontend_build": "up_for_retry"}
    stages = {stage.stage: stage.state for stage in FirstTraining(settings(airflow)).stages()}
    assert stages == {
        "ingest": "done",
        "bert4rec_training": "running",
        "backend_server": "waiting",
        "integrated_evaluation": "failed",
        "frontend_build": "waiting",
    }
    assert "manual__2026-01-01T00%3A00%3A00%2B00%3A00" in airflow.asked[1]


def test_airflow_is_asked_again_only_after_a_while(airflow: Airflow):
    now = 0.0
    training = FirstTraining(settings(airflow), clock=lambda: now)
    first = training.stages()
    airflow.states["bert4rec_training"] = "success"
    now = FRESH_SECONDS / 2
    assert training.stages() == first
    now = FRESH_SECONDS
    assert StageProgress(stage="bert4rec_training", state="done") in training.stages()


@pytest.mark.parametrize("trouble", ["no run", "wrong password", "no answer"])
def test_where_airflow_tells_nothing_no_stage_is_shown(airflow: Airflow, trouble: str):
    if trouble == "no run":
        airflow.runs = []
    wrong = settings(airflow, "wrong" if trouble == "wrong password" else "right")
    if trouble == "no answer":
        wrong = wrong.model_copy(update={"airflow_url": "http://127.0.0.1:1"})
    assert FirstTraining(wrong).stages() == []


def test_progress_is_shown_until_a_release_is_served(make_app, airflow: Airflow, tmp_path: Path):
    waiting: APIFlask = make_app(
        releases=tmp_path / "none", airflow_url=airflow.url, airflow_user="admin", airflow_password="right"
    )
    stages = waiting.test_client().get("/api/progress").json["stages"]
    assert {"stage": "ingest", "state": "done"} in stages
    serving: APIFlask = make_app(airflow_url=airflow.url, airflow_user="admin", airflow_password="right")
    assert serving.test_client().get("/api/progress").json == {"stages": []}
