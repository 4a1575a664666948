"""How the pipeline is doing: asked of the operator's own command and of Airflow, with little patience."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from movie_genie.errors import UserError

STATUS = Path("scripts/run_full_pipeline.py")
STATUS_SECONDS = 30
AIRFLOW_SECONDS = 5
DAG = "movie_genie"
RUNS = 5

_stage_line = re.compile(r"(\w+)  +(\S.*)")


@dataclass(frozen=True, slots=True)
class StageState:
    """A stage of dvc.yaml, and in words whether it is up to date."""

    stage: str
    state: str


@dataclass(frozen=True, slots=True)
class DagRun:
    """A run of the DAG."""

    run_id: str
    state: str
    started_at: str | None
    ended_at: str | None


def stage_states(root: Path) -> list[StageState]:
    """Return every stage's state.

    Raises
    ------
    UserError
        Where the server has no pipeline beside it, or the command fails or takes too long.
    """
    if not (root / STATUS).exists():
        raise UserError("this server runs apart from the pipeline; look at Airflow instead")
    command = [sys.executable, str(STATUS), "--status"]
    try:
        done = subprocess.run(
            command,
            cwd=root,
            timeout=STATUS_SECONDS,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{STATUS} --status did not end within {STATUS_SECONDS} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise UserError(f"{STATUS} --status failed: {last[0]}")
    found = [match.groups() for line in done.stdout.splitlines() if (match := _stage_line.fullmatch(line))]
    return [StageState(stage, state) for stage, state in found]


def dag_runs(url: str, user: str, password: str) -> list[DagRun]:
    """Return Airflow's last runs of the DAG, the latest first.

    Raises
    ------
    UserError
        When Airflow is not configured, does not answer or refuses.
    """
    with _signed_in(url, user, password) as airflow:
        return _runs(airflow, url, RUNS)


def latest_run(url: str, user: str, password: str) -> list[StageState]:
    """Return Airflow's state of each task in its latest run of the DAG (`success`, `running`, …), in no order.

    Raises
    ------
    UserError
        As `dag_runs`.
    """
    with _signed_in(url, user, password) as airflow:
        runs = _runs(airflow, url, 1)
        if not runs:
            return []
        path = f"{url}/api/v2/dags/{DAG}/dagRuns/{quote(runs[0].run_id, safe='')}/taskInstances"
        tasks = _json(airflow.get(path, timeout=AIRFLOW_SECONDS))["task_instances"]
        return [StageState(str(task["task_id"]), str(task["state"])) for task in tasks]


def _runs(airflow: requests.Session, url: str, limit: int) -> list[DagRun]:
    answer = airflow.get(
        f"{url}/api/v2/dags/{DAG}/dagRuns",
        params={"limit": str(limit), "order_by": "-run_after"},
        timeout=AIRFLOW_SECONDS,
    )
    return [
        DagRun(str(run["dag_run_id"]), str(run["state"]), run.get("start_date"), run.get("end_date"))
        for run in _json(answer)["dag_runs"]
    ]


@contextmanager
def _signed_in(url: str, user: str, password: str) -> Iterator[requests.Session]:
    """A session with Airflow; whatever goes wrong in it is one line."""
    if not url:
        raise UserError("Airflow is not configured; set AIRFLOW_URL, AIRFLOW_USER and AIRFLOW_PASSWORD")
    try:
        with requests.Session() as airflow:
            credentials = {"username": user, "password": password}
            token = _json(airflow.post(f"{url}/auth/token", json=credentials, timeout=AIRFLOW_SECONDS))
            airflow.headers["Authorization"] = f"Bearer {token['access_token']}"
            yield airflow
    except (requests.RequestException, ValueError, KeyError) as error:
        raise UserError(f"Airflow did not answer as expected: {error}") from None


def _json(answer: requests.Response) -> Any:  # Any: Airflow's JSON
    answer.raise_for_status()
    return answer.json()
