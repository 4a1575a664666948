"""`make airflow` and `make airflow-worker`: Airflow, or one more worker for it, on this machine.

`serve` is `airflow standalone` for this project: its port and its pools, a start in an order in which an
interrupted run can go on, one line when Airflow answers, and an end by any of the usual signals.
docs/how-to/scheduling-with-airflow.md says what differs and why.
"""

import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from movie_genie.airflow_api import AirflowApi, NoAnswerError
from movie_genie.config import AirflowConfig
from movie_genie.errors import UserError
from movie_genie.orchestration.airflow_home import (
    ADMIN,
    HOME,
    environment,
    load_secrets,
    make_secrets,
)
from movie_genie.orchestration.standalone import Components


def serve(project: Path, config: AirflowConfig) -> None:
    """Start Airflow, print where it is, and keep it until Ctrl-C, SIGTERM or a closed terminal.

    Raises
    ------
    UserError
        When the port is taken, or a component does not start or ends.
    """
    _end_on_signals()
    if _taken(config.host, config.port):
        raise UserError(
            f"port {config.port} of {config.host} is taken; choose another: make airflow AIRFLOW_PORT=8090"
        )
    home = project / HOME
    known = load_secrets(home)
    secrets = known or make_secrets(home)
    settings = environment(project, config, secrets, os.environ)
    with Components(_airflow(), settings, home / "output") as airflow:
        print("Airflow starts; this takes about a minute.", flush=True)
        airflow.run("db", "migrate")
        airflow.start("api-server", ["api-server"])
        airflow.start("dag-processor", ["dag-processor"])
        airflow.start("triggerer", ["triggerer", "--skip-serve-logs"])
        api = connect(project, config)
        airflow.wait_until(api.answers)  # tasks of an interrupted run would fail before that
        airflow.start("scheduler", ["scheduler", "--skip-serve-logs"])
        airflow.wait_until(api.healthy)
        airflow.wait_until(lambda: _has_pools(api, config.pools))
        print(f"Airflow is at {api.url}", flush=True)
        if known:
            print(
                f"Sign in as {ADMIN}; the password was shown at the first start (and is in {HOME})",
                flush=True,
            )
        else:
            print(f"Sign in as {ADMIN}, password {secrets.admin_password}  (shown this once)", flush=True)
        print("make airflow-run starts a run; Ctrl-C stops Airflow.", flush=True)
        airflow.watch()


def work(project: Path, config: AirflowConfig, queues: str, log_port: int) -> None:
    """Take tasks of some queues, one at a time, until Ctrl-C, SIGTERM or a closed terminal.

    One at a time, since DVC's locks let one `repro --pull` work in a folder. The secrets of the Airflow that
    gives the tasks must be here.
    """
    _end_on_signals()
    if config.executor != "CeleryExecutor":
        raise UserError(f"configs/airflow.yaml: executor: workers need CeleryExecutor, got {config.executor}")
    home = project / HOME
    secrets = load_secrets(home)
    if not secrets:
        raise UserError(
            f"{home / 'secrets.json'}: not found; copy it from the machine that runs `make airflow`"
        )
    settings = environment(project, config, secrets, os.environ)
    settings.setdefault("AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT", str(log_port))
    name = f"{socket.gethostname()}-{log_port}"
    with Components(_airflow(), settings, home / "output") as airflow:
        airflow.start(
            "worker",
            ["celery", "worker", "--queues", queues, "--concurrency", "1", "--celery-hostname", name],
        )
        print(f"Worker {name} takes tasks of {queues}; Ctrl-C stops it.", flush=True)
        airflow.watch()


def connect(project: Path, config: AirflowConfig) -> AirflowApi:
    """A client for the Airflow that `serve` runs here."""
    secrets = load_secrets(project / HOME)
    if not secrets:
        raise UserError("Airflow was never started here; start it with `make airflow`")
    return AirflowApi(f"http://{config.host}:{config.port}", ADMIN, secrets.admin_password)


def _has_pools(api: AirflowApi, pools: Mapping[str, int]) -> bool:
    """Set the pools; False where Airflow is too busy with its start to take them."""
    try:
        api.set_pools(pools)
    except NoAnswerError:
        return False
    return True


def _airflow() -> Path:
    """The `airflow` command of the environment that runs this."""
    return Path(sys.executable).with_name("airflow")


def _taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _end_on_signals() -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):  # the latter: the terminal was closed
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under `nohup`
            signal.signal(number, interrupt)
