"""The whole stack from a copy of the checkout, as a clone without .env would start it, with small models."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from movie_genie.airflow_api import AirflowApi

ROOT = Path(__file__).resolve().parents[2]
DAG = "movie_genie"
PORTS = ("WEB_PORT", "AIRFLOW_PORT", "MLFLOW_PORT")

RIDGE: dict[str, object] = {
    "kind": "sequential_ridge", "name": "sequential_ridge",
    "films": 500, "kept": 50, "decay": 0.8, "window": 40, "regularisation": 300,
}  # fmt: skip
SMALL: dict[str, dict[str, object]] = {
    "two_tower": {"max_epochs": 1, "embedding_dim": 16, "hidden_dim": 16, "closed_forms": [RIDGE]},
    "bert4rec": {"max_epochs": 1, "hidden_dim": 16, "blocks": 1, "heads": 1, "max_history": 30},
    "evaluation": {
        "bootstrap_samples": 50, "latency_requests": 5, "most_cases": 300,
        "sources": [{"name": "two_tower", "candidates": 200}, {"name": "sequential_ridge", "candidates": 100}],
        "rankers": ["bert4rec"], "newcomers": None,
    },
    "feedback": {"min_account_days": 0},
}  # fmt: skip
"""Settings with which a run takes a minute or two instead of a quarter of an hour, and a night learns from today."""


def need_engine() -> None:
    """Skip where there is no Docker, or no Compose that knows what our files say."""
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        if (
            shutil.which("docker") is None
            or subprocess.run(command, capture_output=True, check=False).returncode
        ):
            pytest.skip("needs a running Docker engine with Compose 2.24 or newer (`docker compose version`)")


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Wait until something holds; returns after how many seconds it did."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.5)
    return time.monotonic() - begin


class Stack:
    """One Compose project of its own, with its own ports and volumes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        self._environment = {
            **os.environ,
            **{name: str(port) for name, port in self.ports.items()},
            "COMPOSE_PROJECT_NAME": f"movie-genie-test-{uuid.uuid4().hex[:6]}",
            "COMPOSE_PROGRESS": "quiet",
        }
        self.web = f"http://127.0.0.1:{self.ports['WEB_PORT']}"

    def compose(
        self, *arguments: str, check: bool = True, binary: bool = False, **environment: str
    ) -> "subprocess.CompletedProcess[Any]":
        """Run `docker compose`; its output is the assertion's message where it fails."""
        done = subprocess.run(
            ["docker", "compose", *arguments], check=False, cwd=self.folder, capture_output=True,
            text=not binary, env=self._environment | environment, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def make(self, *arguments: str) -> str:
        """Run one of the Makefile's targets there."""
        done = subprocess.run(
            ["make", *arguments],
            check=False,
            cwd=self.folder,
            capture_output=True,
            text=True,
            env=self._environment,
        )
        assert done.returncode == 0, f"make {arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def up(self, *arguments: str, **environment: str) -> None:
        self.compose("up", "--detach", "--build", "--wait", *arguments, **environment)

    def remove(self) -> None:
        """Take everything of this stack away, its volumes too."""
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5", check=False)

    def run_in(self, service: str, *command: str) -> str:
        """Run a command in a service's container."""
        return str(self.compose("exec", "-T", service, *command).stdout).strip()

    def inspect(self, container: str, what: str) -> str:
        command = ["docker", "inspect", "--format", what, container]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def secret(self, name: str) -> str:
        return self.run_in("backend", "cat", f"/run/secrets/{name}")

    def sql(self, query: str, database: str = "movie_genie") -> str:
        return self.run_in("postgres", "psql", "-U", "postgres", "-d", database, "-At", "-c", query)

    def services(self) -> dict[str, str]:
        """Each running service's health."""
        lines = self.compose("ps", "--format", "json").stdout.splitlines()
        return {line["Service"]: line["Health"] for line in map(json.loads, lines)}

    def all_healthy(self) -> bool:
        return set(self.services().values()) == {"healthy"}

    def configure(self, name: str, **values: object) -> None:
        """Change the copy's configs/, which the next build takes up."""
        path = self.folder / "configs" / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **values}, sort_keys=False))

    def gate(self, at_least: float) -> None:
        """Ask of every model at least so much more than of any baseline; 0 lets each pass."""
        gate = yaml.safe_load((self.folder / "configs/evaluation.yaml").read_text())["gate"]
        self.configure("evaluation", gate=[{**check, "at_least": at_least} for check in gate])

    def get(self, path: str) -> tuple[int, Any]:
        """Ask through nginx: status, and what the JSON says, or else the text; status 0 where nobody answers."""
        try:
            with urllib.request.urlopen(self.web + path, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except (OSError, ValueError):
            return 0, None

    def release(self) -> str | None:
        status, ready = self.get("/api/ready")
        return ready["release_id"] if status == 200 else None

    def airflow(self) -> AirflowApi:
        url = f"http://127.0.0.1:{self.ports['AIRFLOW_PORT']}"
        return AirflowApi(url, "admin", self.secret("airflow_admin_password"))

    def night(self, seconds: float = 900) -> tuple[str, dict[str, dict[str, Any]]]:
        """Trigger a run, as the night would: its state at the end, and its tasks."""
        api = self.airflow()
        run = api.trigger(DAG)
        wait_for(lambda: api.run_state(DAG, run) in ("success", "failed"), seconds, f"the end of run {run}")
        return api.run_state(DAG, run), {task["task_id"]: task for task in api.tasks(DAG, run)}

    def log_of(self, task: dict[str, Any]) -> str:
        """What a task wrote."""
        folder = f"/opt/airflow/logs/dag_id={DAG}/run_id={task['dag_run_id']}/task_id={task['task_id']}"
        return self.run_in("airflow-api-server", "sh", "-c", f"cat '{folder}'/*")


def _free_ports(number: int) -> list[int]:
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def copy_checkout(folder: Path) -> Path:
    """What a clone would have: the files that git has or would take, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def small_stack(folder: Path) -> Iterator[Stack]:
    """A stack that is not started yet; gone afterwards with its volumes."""
    need_engine()
    stack = Stack(copy_checkout(folder))
    for name, values in SMALL.items():
        stack.configure(name, **values)
    stack.gate(0.0)
    try:
        yield stack
    finally:
        stack.remove()
