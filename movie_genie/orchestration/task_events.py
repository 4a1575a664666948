"""What happens when a task ends: its metrics go to XCom, its failure to the log and a webhook."""

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

WEBHOOK_VARIABLE = "failure_webhook"
"""The Airflow variable that holds the address to post failures to: a secret, as who has it may post."""

WEBHOOK_TIMEOUT_SECONDS = 10


def push_metrics(files: Sequence[Path]) -> Callable[[Any, Any], None]:  # Any: Airflow's context and result
    """Make the function that reads a stage's metrics files and pushes them to XCom, one entry a file."""

    def push(context: Mapping[str, Any], result: Any = None) -> None:
        for file in files:
            if file.suffix == ".json" and file.is_file():
                metrics = json.loads(file.read_text(encoding="utf-8"))
                log.info("%s: %s", file.name, json.dumps(metrics))
                context["ti"].xcom_push(key=f"{file.parent.name}/{file.name}", value=metrics)

    return push


def report_failure(context: Mapping[str, Any]) -> None:  # Any: Airflow's context
    """Log a failed task, and post it to the webhook of the variable `failure_webhook` if there is one.

    A webhook that cannot be reached is logged and changes nothing else.
    """
    from airflow.sdk import Variable

    message = failure_message(context)
    log.error("%s", message["text"])
    address = Variable.get(WEBHOOK_VARIABLE, default=None)
    if address:
        post(address, message)


def failure_message(context: Mapping[str, Any]) -> dict[str, str | int]:  # Any: Airflow's context
    """The failure as flat JSON; chat programs show its `text`."""
    task = context["ti"]
    error = " ".join(str(context.get("exception") or "no error is known").split())
    return {
        "text": f"{task.dag_id}: {task.task_id} failed in run {task.run_id}: {error}",
        "dag_id": task.dag_id,
        "task_id": task.task_id,
        "run_id": task.run_id,
        "try_number": task.try_number,
        "error": error,
        "log_url": task.log_url,
    }


def post(address: str, message: Mapping[str, str | int]) -> None:
    """Post JSON to a web address; what goes wrong is logged, without the address."""
    if not address.startswith(("http://", "https://")):
        log.error("variable %s: expected an http or https address", WEBHOOK_VARIABLE)
        return
    request = urllib.request.Request(  # noqa: S310  # the scheme is checked above
        address, json.dumps(message).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=WEBHOOK_TIMEOUT_SECONDS) as answer:  # noqa: S310
            log.info("the failure webhook answered %s", answer.status)
    except (urllib.error.URLError, OSError, ValueError) as error:
        log.error("the failure webhook could not be reached: %s", error)
