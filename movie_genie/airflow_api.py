"""What we ask of a running Airflow, over its REST API (version 2, Airflow 3)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

from movie_genie.errors import UserError

DAG_ID = "movie_genie"
"""The pipeline's DAG, as dags/movie_genie.py declares it."""

TIMEOUT_SECONDS = 15


class NoAnswerError(UserError):
    """Airflow is not there, or too busy to answer."""


class AirflowApi:
    """A client for one Airflow, signed in as one user.

    Every call raises NoAnswerError when nobody answers, or something that is no Airflow, and UserError when
    Airflow refuses.
    """

    def __init__(self, url: str, user: str, password: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.url = url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._credentials = {"username": user, "password": password}
        self._token: str | None = None

    def answers(self) -> bool:
        """Whether the API server is up."""
        try:
            self._json(self._send("GET", "/api/v2/version"))
        except UserError:
            return False
        return True

    def healthy(self) -> bool:
        """Whether the database, scheduler and DAG processor report that they are well."""
        try:
            parts = self._json(self._send("GET", "/api/v2/monitor/health"))
            names = ("metadatabase", "scheduler", "dag_processor")
            return all(self._field(self._field(parts, name), "status") == "healthy" for name in names)
        except UserError:
            return False

    def set_pools(self, pools: Mapping[str, int]) -> None:
        """Create pools of these names and slots, or change those there are."""
        wanted = [{"name": name, "slots": slots, "include_deferred": False} for name, slots in pools.items()]
        action = {"action": "create", "entities": wanted, "action_on_existence": "overwrite"}
        result = self._call("PATCH", "/api/v2/pools", {"actions": [action]})
        errors = result.get("create", {}).get("errors")
        if errors:
            raise UserError(f"{self.url}: pools could not be set: {errors}")

    def knows(self, dag_id: str) -> bool:
        """Whether Airflow has read the DAG.

        Raises
        ------
        UserError
            When the DAG's file, or what it reads, is wrong: Airflow's own last line about it.
        """
        errors = self._get("/api/v2/importErrors", "import_errors")
        if errors:
            last_line = errors[0]["stack_trace"].strip().splitlines()[-1]
            raise UserError(f"{errors[0]['filename']}: {last_line}")
        found = self._get(f"/api/v2/dags?dag_id_pattern={quote(dag_id)}", "dags")
        return any(dag["dag_id"] == dag_id for dag in found)

    def trigger(self, dag_id: str) -> str:
        """Start a run of a DAG, unpausing it first, as a paused one never starts; returns the run's id."""
        self._call("PATCH", f"/api/v2/dags/{quote(dag_id)}?update_mask=is_paused", {"is_paused": False})
        run = self._call("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", {"logical_date": None})
        return str(self._field(run, "dag_run_id"))

    def run_state(self, dag_id: str, run_id: str) -> str:
        """`queued`, `running`, `success` or `failed`."""
        return str(self._get(f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}", "state"))

    def runs(self, dag_id: str, limit: int = 100) -> list[dict[str, Any]]:  # Any: JSON
        """A DAG's latest runs, the latest first: dag_run_id, state, start_date, end_date, …"""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns?limit={limit}&order_by=-run_after"
        return list(self._get(path, "dag_runs"))

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:  # Any: JSON
        """The task instances of a run: task_id, state, start_date, end_date, duration, try_number, …"""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}/taskInstances?limit=1000"
        return list(self._get(path, "task_instances"))

    def _call(self, method: str, path: str, body: object = None) -> Any:  # Any: JSON
        if self._token is not None:
            answer = self._send(method, path, body)
            if answer.status_code != 401:
                return self._json(answer)
        # There is no token yet, or it has run out.
        self._token = str(
            self._field(self._json(self._send("POST", "/auth/token", self._credentials)), "access_token")
        )
        return self._json(self._send(method, path, body))

    def _get(self, path: str, field: str) -> Any:  # Any: JSON
        return self._field(self._call("GET", path), field)

    def _send(self, method: str, path: str, body: object = None) -> requests.Response:
        headers = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        try:
            return requests.request(
                method, self.url + path, json=body, headers=headers, timeout=self._timeout_seconds
            )
        except requests.RequestException as error:
            raise NoAnswerError(f"{self.url}: Airflow does not answer ({error})") from None

    def _json(self, answer: requests.Response) -> Any:  # Any: JSON
        if not answer.ok:
            busy = answer.status_code >= 500  # with SQLite, its database may be locked for a moment
            refusal = NoAnswerError if busy else UserError
            raise refusal(f"{answer.url}: Airflow answered {answer.status_code}: {answer.text[:300]}")
        try:
            return answer.json()
        except ValueError:
            raise NoAnswerError(f"{answer.url}: answers, but not as Airflow does") from None

    def _field(self, value: Any, name: str) -> Any:  # Any: JSON
        if not isinstance(value, dict) or name not in value:
            raise NoAnswerError(f"{self.url}: answers, but not as Airflow does: no {name}")
        return value[name]
