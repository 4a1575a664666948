"""Trigger the DAG and wait for its result, saying what each task does: `make airflow-run`."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from movie_genie.airflow_api import AirflowApi, NoAnswerError
from movie_genie.errors import UserError
from movie_genie.polling import poll

POLL_SECONDS = 2.0
FIRST_READ_SECONDS = 90.0
"""How long Airflow may take to read the DAG after its start."""

SILENCE_SECONDS = 120.0
"""How long a busy Airflow may leave us without an answer while a run goes on."""


def run_and_wait(
    api: AirflowApi, dag_id: str, say: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Trigger a run and follow it to its end.

    Raises
    ------
    UserError
        When Airflow does not answer, does not have the DAG, or a task failed (which, and where its log is).
    """
    if not api.healthy():
        raise UserError(f"{api.url}: Airflow does not answer, or is not well; start it with `make airflow`")
    if not poll(lambda: api.knows(dag_id), every=POLL_SECONDS, within=FIRST_READ_SECONDS, sleep=sleep):
        raise UserError(f"{api.url}: Airflow has no DAG {dag_id}")
    run_id = api.trigger(dag_id)
    address = f"{api.url}/dags/{dag_id}/runs/{run_id}"
    say(f"run {run_id}: {address}")
    told: dict[str, str] = {}

    def look() -> tuple[str, list[dict[str, Any]]]:  # Any: JSON
        state, tasks = poll(
            lambda: (api.run_state(dag_id, run_id), api.tasks(dag_id, run_id)),
            every=POLL_SECONDS,
            within=SILENCE_SECONDS,
            despite=NoAnswerError,
            sleep=sleep,
        )
        for task in sorted(tasks, key=lambda task: task["start_date"] or ""):
            now = task["state"] or "waiting"
            if told.get(task["task_id"], "waiting") != now and now not in {"scheduled", "queued"}:
                told[task["task_id"]] = now
                say(f"{datetime.now():%H:%M:%S}  {task['task_id']:<24} {now}{_took(task)}")
        return state, tasks

    state, tasks = poll(look, lambda seen: seen[0] in {"success", "failed"}, every=POLL_SECONDS, sleep=sleep)
    failed = [task["task_id"] for task in tasks if task["state"] == "failed"]
    if state == "failed":
        raise UserError(f"run {run_id}: failed in {', '.join(failed) or 'no task'}; logs: {address}")
    say(f"run {run_id}: success")


def _took(task: dict[str, Any]) -> str:  # Any: JSON
    if task["duration"] is None or task["state"] == "running":
        return ""
    return f" after {task['duration']:.1f} s"
