"""A run of the DAG followed from a terminal, by an Airflow that starts slowly and is busy at times."""

import re

import pytest

from movie_genie.airflow_api import AirflowApi, NoAnswerError
from movie_genie.errors import UserError
from movie_genie.orchestration.dag_run import run_and_wait

Task = tuple[str, str | None]


class Api(AirflowApi):
    """An Airflow whose run goes through `looks`, one a question; of None it answers nothing."""

    def __init__(self, looks: list[tuple[str, list[Task]] | None], *, reads_dag_at: float = 1) -> None:
        super().__init__("http://airflow", "admin", "password")
        self.looks, self.reads_dag_at = looks, reads_dag_at
        self.asked = 0

    def healthy(self):
        return True

    def knows(self, dag_id):
        self.asked += 1
        return self.asked >= self.reads_dag_at

    def trigger(self, dag_id):
        return "manual__1"

    def run_state(self, dag_id, run_id):
        if self.looks[0] is None:
            if len(self.looks) > 1:
                del self.looks[0]
            raise NoAnswerError("http://airflow: Airflow does not answer")
        return self.looks[0][0]

    def tasks(self, dag_id, run_id):
        _, tasks = self.looks.pop(0)
        return [
            {"task_id": name, "state": state, "start_date": None, "duration": 1.5} for name, state in tasks
        ]


def followed(api: Api) -> list[str]:
    said: list[str] = []
    run_and_wait(api, "movie_genie", said.append, sleep=lambda _: None)
    return [re.sub(r"^\d\d:\d\d:\d\d +", "", line) for line in said]


def test_each_change_of_a_task_is_said_once():
    lines = followed(
        Api(
            [
                ("queued", [("ingest", None)]),
                ("running", [("ingest", "running")]),
                ("running", [("ingest", "running")]),
                None,
                ("success", [("ingest", "success")]),
            ],
            reads_dag_at=3,
        )
    )
    assert [" ".join(line.split()) for line in lines] == [
        "run manual__1: http://airflow/dags/movie_genie/runs/manual__1",
        "ingest running",
        "ingest success after 1.5 s",
        "run manual__1: success",
    ]


def test_a_failed_run_names_its_tasks_and_its_logs():
    tasks: list[Task] = [("ingest", "success"), ("train", "failed"), ("deploy", "upstream_failed")]
    with pytest.raises(UserError, match=r"failed in train; logs: http://airflow/dags/"):
        followed(Api([("failed", tasks)]))


def test_a_dag_that_never_comes_is_an_error():
    with pytest.raises(UserError, match="Airflow has no DAG movie_genie"):
        followed(Api([], reads_dag_at=1e9))


def test_an_airflow_that_stays_silent_is_an_error():
    api = Api([("running", []), None])
    with pytest.raises(NoAnswerError, match="does not answer"):
        followed(api)
