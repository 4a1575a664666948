"""Airflow's components as processes of this machine, started together and stopped together.

`airflow standalone` starts the same four, but signals only these four when it is stopped: tasks, DVC and its
stages would run on, and it does not notice that a component has ended. docs/how-to/scheduling-with-airflow.md
lists what else differs.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import psutil

from movie_genie.errors import UserError
from movie_genie.polling import poll

STOP_SECONDS = 10.0
"""How long processes may take to end by themselves."""

START_SECONDS = 240.0
LAST_LINES = 15


class Components:
    """Airflow commands running side by side, each with its own log; leaving the `with` ends all of them.

    Each leads a session of its own, so that Ctrl-C reaches only us, and we end them with all that they
    started (Airflow's tasks, DVC, stages): SIGTERM, then SIGKILL; the first last, as tasks report to it, the
    API server. A server that a stage started as a daemon is no child of theirs any more, and stays.
    """

    def __init__(self, airflow: Path, environment: Mapping[str, str], logs: Path) -> None:
        self._airflow = airflow
        self._environment = environment
        self._logs = logs
        self._running: dict[str, psutil.Popen] = {}

    def run(self, *arguments: str) -> None:
        """Run one Airflow command to its end.

        Raises
        ------
        UserError
            When it fails, with its last lines.
        """
        log = self._logs / f"{'-'.join(arguments)}.log"
        with log.open("w") as output:
            code = subprocess.run(
                [self._airflow, *arguments],
                check=False,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ).returncode
        if code:
            raise UserError(f"airflow {' '.join(arguments)} failed ({code}); see {log}\n{_last_lines(log)}")

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start one Airflow command; its log is `name`.log."""
        with (self._logs / f"{name}.log").open("w") as output:
            self._running[name] = psutil.Popen(
                [str(self._airflow), *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def check(self) -> None:
        """See that all are still running.

        Raises
        ------
        UserError
            When one has ended, with its last lines.
        """
        for name, process in self._running.items():
            if process.poll() is not None:
                log = self._logs / f"{name}.log"
                raise UserError(f"airflow {name} ended ({process.returncode}); see {log}\n{_last_lines(log)}")

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait for `ready`, watching that all keep running."""

        def ready_and_all_running() -> bool:
            self.check()
            return ready()

        if not poll(ready_and_all_running, every=1, within=START_SECONDS):
            raise UserError(f"Airflow was not ready after {START_SECONDS:.0f} s; see {self._logs}")

    def watch(self) -> None:
        """Keep watching until interrupted or one of them ends."""
        poll(self.check, every=1)

    def __enter__(self) -> "Components":
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
        first, others = list(self._running.values())[:1], list(self._running.values())[1:]
        _stop(set(others))
        _stop(set(first))


def _stop(family: set[psutil.Process]) -> None:
    """End processes and all that they started, directly or not, until none is left."""
    give_up = time.monotonic() + STOP_SECONDS
    told: set[psutil.Process] = set()
    while family:
        for member in list(family):
            with suppress(psutil.NoSuchProcess):
                family.update(member.children(recursive=True))
        family = {member for member in family if _alive(member)}
        late = time.monotonic() > give_up
        for member in family if late else family - told:
            with suppress(psutil.NoSuchProcess):
                member.send_signal(signal.SIGKILL if late else signal.SIGTERM)
        told |= family
        psutil.wait_procs(family, timeout=0.5)


def _alive(process: psutil.Process) -> bool:
    """Whether it still runs; one that has ended may be listed until its parent notices."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])
