"""Airflow as `make airflow` starts it, for tests: a real one, on a project made for the purpose."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from movie_genie.airflow_api import AirflowApi, NoAnswerError
from movie_genie.config import AirflowConfig
from movie_genie.config_file import load_config
from movie_genie.orchestration.local_airflow import connect

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-airflow" / "bin" / "python"


def need_airflow() -> None:
    """Skip where Airflow is not installed."""
    if not PYTHON.exists():
        pytest.skip("needs .venv-airflow: make airflow-install")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def process_environment(project: Path, **more: str) -> dict[str, str]:
    """This process's environment, with the project's own package first and no Airflow settings of ours."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
    return {**inherited, "PYTHONPATH": str(project), **more}


HEARING_CTRL_C = """\
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""A program that becomes another: where tests run in the background, that would inherit to ignore Ctrl-C."""


class RealAirflow:
    """`scripts/start_airflow.py` of a project, and what one does with it."""

    def __init__(self, project: Path, **more: str) -> None:
        self.project = project
        self.port = free_port()
        self._environment = process_environment(project, **more)
        self._process: subprocess.Popen[str] | None = None
        self.output = project / "run" / "start.log"

    def start(self) -> None:
        with self.output.open("w") as output:
            self._process = subprocess.Popen(
                [PYTHON, "-c", HEARING_CTRL_C, PYTHON, "scripts/start_airflow.py", "--port", str(self.port)],
                cwd=self.project,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        wait_for(lambda: "Ctrl-C" in self.output.read_text() or self._process.poll() is not None, 240)
        assert self._process.poll() is None, self.output.read_text()

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def api(self) -> AirflowApi:
        config = load_config(self.project / "configs" / "airflow.yaml", AirflowConfig)
        return connect(self.project, config.model_copy(update={"port": self.port}))

    def trigger(self) -> "Run":
        wait_for(lambda: self.api.knows("movie_genie"), 90)
        return Run(self, self.api.trigger("movie_genie"))

    def run(self) -> tuple["Run", subprocess.CompletedProcess[str]]:
        """`make airflow-run`."""
        done = subprocess.run(
            [PYTHON, "scripts/run_dag.py", "--port", str(self.port)],
            check=False,
            cwd=self.project,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=400,
        )
        first = done.stdout.partition("\n")[0]
        assert first.startswith("run "), done.stdout + done.stderr
        return Run(self, first.removeprefix("run ").split(": ")[0]), done


class Run:
    """One run of the DAG."""

    def __init__(self, airflow: RealAirflow, run_id: str) -> None:
        self.airflow = airflow
        self.run_id = run_id

    def tasks(self) -> dict[str, dict[str, Any]]:
        return {task["task_id"]: task for task in self.airflow.api.tasks("movie_genie", self.run_id)}

    def states(self) -> dict[str, str]:
        return {name: task["state"] for name, task in self.tasks().items()}

    def wait(self, seconds: float = 300) -> str:
        end = time.monotonic() + seconds
        state = "queued"
        while state not in {"success", "failed"}:
            assert time.monotonic() < end, f"{self.run_id} is still {state}"
            time.sleep(0.5)
            with contextlib.suppress(NoAnswerError):  # it may be starting, or busy
                state = self.airflow.api.run_state("movie_genie", self.run_id)
        return state

    def log(self, task_id: str, attempt: int = 1) -> str:
        folder = self.airflow.project / "run" / "airflow" / "logs" / "dag_id=movie_genie"
        file = folder / f"run_id={self.run_id}" / f"task_id={task_id}" / f"attempt={attempt}.log"
        return file.read_text()

    def xcom(self, task_id: str) -> dict[str, Any]:
        path = f"/api/v2/dags/movie_genie/dagRuns/{self.run_id}/taskInstances/{task_id}/xcomEntries"
        api = self.airflow.api
        keys = [entry["key"] for entry in api._call("GET", path)["xcom_entries"]]
        return {key: api._call("GET", f"{path}/{key}")["value"] for key in keys}


def wait_for(condition: Any, seconds: float = 60) -> None:
    """Wait until `condition()` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def variable(name: str, value: str) -> Mapping[str, str]:
    """An Airflow variable, as its environment gives it."""
    return {f"AIRFLOW_VAR_{name.upper()}": value}
