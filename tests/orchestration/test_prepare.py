"""A fresh Airflow made ready: once, however often it is asked."""

import pytest

from movie_genie.airflow_api import AirflowApi
from movie_genie.errors import UserError
from movie_genie.orchestration.prepare import FIRST_READ_SECONDS, prepare


class Api(AirflowApi):
    """An Airflow that reads its DAG at the third look."""

    def __init__(self, states: list[str], looks: float = 2) -> None:
        super().__init__("http://airflow", "admin", "password")
        self.states, self.looks = states, looks
        self.pools: dict[str, int] = {}

    def set_pools(self, pools):
        self.pools.update(pools)

    def knows(self, dag_id):
        self.looks -= 1
        return self.looks < 0

    def runs(self, dag_id, limit=100):
        assert self.looks < 0, "asked for runs of a DAG that is not read yet"
        return [{"state": state} for state in self.states]

    def trigger(self, dag_id):
        self.states = ["queued", *self.states]
        return "manual__1"


def test_the_first_run_is_triggered_once():
    api = Api([])
    assert prepare(api, {"pipeline": 4}, "movie_genie", sleep=lambda _: None) == "manual__1"
    assert api.pools == {"pipeline": 4}
    assert prepare(api, {"pipeline": 4}, "movie_genie", sleep=lambda _: None) is None


@pytest.mark.parametrize(
    ("states", "triggered"), [(["failed"], True), (["failed", "success"], False), (["running"], False)]
)
def test_a_start_tries_again_where_no_run_ever_succeeded(states: list[str], triggered: bool):
    assert (prepare(Api(states), {}, "movie_genie", sleep=lambda _: None) is not None) == triggered


def test_a_dag_that_never_comes_is_an_error():
    waited: list[float] = []
    with pytest.raises(UserError, match="has not read the DAG"):
        prepare(Api([], looks=1e9), {}, "movie_genie", sleep=waited.append)
    assert sum(waited) == FIRST_READ_SECONDS
