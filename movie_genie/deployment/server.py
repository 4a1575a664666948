"""The server process: started beside a pid file, and stopped only when the pid is surely its own."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from operator import not_
from pathlib import Path

import psutil

from movie_genie.config import ServerConfig
from movie_genie.errors import UserError
from movie_genie.polling import poll
from movie_genie.private_files import private_file, private_folder

SERVER_URL = "MOVIE_GENIE_SERVER_URL"
"""Set where somebody else (compose, systemd) runs the server: none is started then."""

POLL_SECONDS = 0.05
RUN = "MOVIE_GENIE_RUN"
PID_FILE = "server.pid"
STOP_SECONDS = 30.0
ORPHANS_SECONDS = 10.0
"""How long the workers of a killed server may hold its port until they notice that it is gone."""

KNOWN_ERROR = f"{UserError.__module__}.{UserError.__qualname__}: "
"""How a traceback in the log names an error that a person can act on."""


def run_folder(project: Path, environment: Mapping[str, str]) -> Path:
    """Where a server's pid file and log are kept: MOVIE_GENIE_RUN, or `run/` in the project."""
    return project / (environment.get(RUN) or "run")


def url_of(config: ServerConfig) -> str:
    """Where this machine reaches a server with these settings."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(config.host, config.host)  # noqa: S104
    return f"http://{host}:{config.port}"


@dataclass(frozen=True)
class Server:
    """The server of one checkout: how it is to run, and whether it does.

    Attributes
    ----------
    root : Path
        The checkout; the server works in it.
    run : Path
        Folder of the pid file, the log and the metrics that workers share.
    settings : str
        Name of the module that tells gunicorn what to serve, and how.
    """

    config: ServerConfig
    root: Path
    run: Path
    settings: str

    @property
    def pid_file(self) -> Path:
        """Absolute: it stands in the server's command line, by which its process is known."""
        return (self.root / self.run / PID_FILE).resolve()

    @property
    def log_file(self) -> Path:
        """Where a daemon writes what it has to say."""
        return self.pid_file.with_name("server.log")

    @property
    def url(self) -> str:
        """Where this machine reaches the server."""
        return url_of(self.config)

    @property
    def name(self) -> str:
        """What tells this server from others, and from itself with other settings.

        It stands in the command line, and in the title that gunicorn puts in its place where it can.
        """
        config = self.config
        return f"{self.pid_file} {config.host}:{config.port} {config.workers}x{config.threads}"

    def command(self, *, daemon: bool) -> list[str]:
        """The command line that starts gunicorn."""
        config = self.config
        command = [sys.executable, "-m", "gunicorn", "--config", f"python:{self.settings}"]
        command += ["--bind", f"{config.host}:{config.port}"]
        command += ["--workers", str(config.workers), "--threads", str(config.threads)]
        command += ["--pid", str(self.pid_file), "--name", self.name]
        return [*command, "--daemon", "--log-file", str(self.log_file)] if daemon else command

    def pid(self) -> int | None:
        """The running server's process; None when there is none, whatever the pid file says."""
        return running_pid(self.pid_file)

    def runs_as_configured(self) -> bool:
        """Whether a server runs that was started with this address and these numbers."""
        process = _server_process(self.pid_file)
        return process is not None and self.name in _command_line(process)

    def prepare(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Make the run folder ready for a start, and give the server's environment.

        Raises
        ------
        UserError
            When the server runs already, or its port is taken.
        """
        if self.pid() is not None:
            raise UserError(
                f"the server is already running at {self.url}; stop it with scripts/stop_server.sh"
            )
        patience = ORPHANS_SECONDS if self.pid_file.exists() else 0
        if poll(
            lambda: _taken(self.config.host, self.config.port), not_, every=POLL_SECONDS, within=patience
        ):
            raise UserError(
                f"port {self.config.port} is taken by another program: stop that one, or choose another "
                "port in configs/server.yaml"
            )
        private_folder(self.pid_file.parent)
        # A dead server's: gunicorn would mind if its number lives again.
        self.pid_file.unlink(missing_ok=True)
        shared = self.pid_file.with_name("prometheus")
        shutil.rmtree(shared, ignore_errors=True)  # a former server's numbers are not this one's
        shared.mkdir()
        # One heap for a worker's few threads, which the interpreter lets in one at a time: 11 MB less each.
        return {"MALLOC_ARENA_MAX": "1", **environment, "PROMETHEUS_MULTIPROC_DIR": str(shared)}

    def start(self, environment: Mapping[str, str]) -> None:
        """Start a daemon with its own log; it may take a moment to answer.

        Raises
        ------
        UserError
            When the server runs already, its port is taken, or gunicorn refuses to start.
        """
        environment = self.prepare(environment)
        if self.log_file.exists():
            # The one before is kept, no more.
            private_file(self.log_file).replace(self.log_file.with_name("server.log.1"))
        with private_file(self.log_file).open("wb") as log:
            done = subprocess.run(
                self.command(daemon=True),
                cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False,
            )  # fmt: skip
        if done.returncode != 0:
            raise UserError(f"the server did not start: {self.last_words()}")

    def replace_this_process(self, environment: Mapping[str, str]) -> None:
        """Become the server, in the foreground.

        Raises
        ------
        UserError
            As `start`.
        """
        environment = self.prepare(environment)
        command = self.command(daemon=False)
        os.chdir(self.root)
        os.execve(command[0], command, environment)  # noqa: S606 - a list, no shell

    def last_words(self) -> str:
        """What the log says of the server's end, and where the rest is."""
        try:
            text = self.log_file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return "it left no log"
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        known = [line.removeprefix(KNOWN_ERROR) for line in lines if line.startswith(KNOWN_ERROR)]
        reason = (known or lines or ["it said nothing"])[-1]
        return f"{reason} (more in {self.log_file})"


def stop(pid_file: Path, seconds: float = STOP_SECONDS) -> bool:
    """Ask the server to finish its requests and end; give whether one ran.

    Raises
    ------
    UserError
        When it has not ended after `seconds`, or is another user's.
    """
    process = _server_process(pid_file)
    if process is None:
        return False
    try:
        process.terminate()
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        raise UserError(f"the server (process {process.pid}) is another user's") from None
    if poll(lambda: _is_server(process, pid_file), not_, every=POLL_SECONDS, within=seconds):
        raise UserError(
            f"the server (process {process.pid}) has not ended within {seconds:.0f} s of being asked to"
        )
    return True


def running_pid(pid_file: Path) -> int | None:
    """The pid in the file, if that process is alive and is the server of this very pid file."""
    process = _server_process(pid_file)
    return None if process is None else process.pid


def _server_process(pid_file: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int(pid_file.read_text(encoding="ascii")))
    except (OSError, ValueError, psutil.Error):
        return None
    return process if _is_server(process, pid_file) else None


def _is_server(process: psutil.Process, pid_file: Path) -> bool:
    """Whether the process lives and is the server of this pid file.

    A number alone proves nothing: after a reboot it may be anybody's. The server's command line, or the title
    it gives itself, holds the pid file's path.
    """
    return str(pid_file.resolve()) in _command_line(process)


def _command_line(process: psutil.Process) -> str:
    """A process's arguments; empty when it is gone, or only waits for its parent to notice its end."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _taken(host: str, port: int) -> bool:
    """Whether somebody listens on the port.

    Raises
    ------
    UserError
        When nobody could: the host is not this machine's, or the port is the system's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As gunicorn: ended connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise UserError(
                f"configs/server.yaml: cannot listen at {host}:{port}: {error.strerror or error}"
            ) from None
    return False
