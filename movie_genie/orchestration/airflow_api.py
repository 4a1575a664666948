"""What we ask of a running Airflow, over its REST API (version 2, Airflow 3)."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from movie_genie.errors import UserError

TIMEOUT_SECONDS = 15


class NoAnswerError(UserError):
    """Airflow is not there, or too busy to answer."""


class AirflowApi:
    """A client for one Airflow, signed in as one user."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._credentials = {"username": user, "password": password}
        self._token: str | None = None

    def answers(self) -> bool:
        """Whether the API server is up."""
        try:
            self._call("GET", "/api/v2/version", signed=False)
        except UserError:
            return False
        return True

    def healthy(self) -> bool:
        """Whether the database, scheduler and DAG processor report that they are well."""
        try:
            parts = self._call("GET", "/api/v2/monitor/health", signed=False)
        except UserError:
            return False
        return all(
            parts[name]["status"] == "healthy" for name in ("metadatabase", "scheduler", "dag_processor")
        )

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
        errors = self._call("GET", "/api/v2/importErrors")["import_errors"]
        if errors:
            last_line = errors[0]["stack_trace"].strip().splitlines()[-1]
            raise UserError(f"{errors[0]['filename']}: {last_line}")
        found = self._call("GET", f"/api/v2/dags?dag_id_pattern={quote(dag_id)}")["dags"]
        return any(dag["dag_id"] == dag_id for dag in found)

    def trigger(self, dag_id: str) -> str:
        """Start a run of a DAG, unpausing it first, as a paused one never starts; returns the run's id."""
        self._call("PATCH", f"/api/v2/dags/{quote(dag_id)}?update_mask=is_paused", {"is_paused": False})
        run = self._call("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", {"logical_date": None})
        return str(run["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """`queued`, `running`, `success` or `failed`."""
        run = self._call("GET", f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}")
        return str(run["state"])

    def run_states(self, dag_id: str) -> list[str]:
        """The states of a DAG's latest runs, the latest first."""
        runs = self._call("GET", f"/api/v2/dags/{quote(dag_id)}/dagRuns?limit=100&order_by=-run_after")
        return [str(run["state"]) for run in runs["dag_runs"]]

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:  # Any: JSON
        """The task instances of a run: task_id, state, start_date, end_date, duration, try_number, …"""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}/taskInstances?limit=1000"
        return list(self._call("GET", path)["task_instances"])

    def _call(self, method: str, path: str, body: object = None, *, signed: bool = True) -> Any:  # Any: JSON
        headers = {"Content-Type": "application/json"}
        if signed:
            if self._token is None:
                self._token = self._call("POST", "/auth/token", self._credentials, signed=False)[
                    "access_token"
                ]
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310  # from our config
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 401 and signed:
                self._token = None  # it has run out; the next call asks for another
            detail = error.read().decode(errors="replace")[:300]
            raise UserError(f"{self.url}{path}: Airflow answered {error.code}: {detail}") from None
        except (OSError, ValueError) as error:
            raise NoAnswerError(
                f"{self.url}: Airflow does not answer ({error}); start it with `make airflow`"
            ) from None
