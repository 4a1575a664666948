"""The client of Airflow's REST API; against a real Airflow it is used by tests/orchestration and tests/compose."""

import pytest
from airflow_server import RUN, Airflow

from movie_genie.airflow_api import AirflowApi, NoAnswerError
from movie_genie.errors import UserError


def test_one_sign_in_serves_until_the_token_runs_out(airflow: Airflow):
    api = AirflowApi(airflow.url + "/", "admin", "right")
    assert [run["dag_run_id"] for run in api.runs("movie_genie")] == [RUN]
    assert len(api.tasks("movie_genie", RUN)) == 3
    assert airflow.sign_ins == 1
    airflow.token = "token-2"
    assert len(api.tasks("movie_genie", RUN)) == 3
    assert airflow.sign_ins == 2


def test_a_wrong_password_is_refused_in_one_line(airflow: Airflow):
    with pytest.raises(UserError, match=r"/auth/token: Airflow answered 401"):
        AirflowApi(airflow.url, "admin", "wrong").runs("movie_genie")


def test_an_airflow_whose_database_is_busy_is_no_answer(airflow: Airflow):
    api = AirflowApi(airflow.url, "admin", "right")
    assert api.runs("movie_genie")
    airflow.status = 500
    with pytest.raises(NoAnswerError, match="Airflow answered 500"):
        api.runs("movie_genie")


def test_nobody_there_is_no_answer():
    api = AirflowApi("http://127.0.0.1:1", "admin", "right")
    with pytest.raises(NoAnswerError, match="Airflow does not answer"):
        api.runs("movie_genie")
    assert not api.answers()
    assert not api.healthy()


@pytest.mark.parametrize(("page", "reason"), [(b"<html>", "not as Airflow"), (b"{}", "no dag_runs")])
def test_another_server_at_its_place_is_no_answer(airflow: Airflow, page: bytes, reason: str):
    airflow.page = page
    with pytest.raises(NoAnswerError, match=reason):
        AirflowApi(airflow.url, "admin", "right").runs("movie_genie")
    assert not AirflowApi(airflow.url, "admin", "right").healthy()
