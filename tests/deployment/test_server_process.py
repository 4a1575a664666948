import os
import socket
import stat
import subprocess
import sys

import pytest

from movie_genie.config import ServerConfig
from movie_genie.deployment.server import Server, running_pid, stop, url_of
from movie_genie.errors import UserError

WAIT = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print(1, flush=True)"


@pytest.fixture
def pid_file(tmp_path):
    return tmp_path / "run" / "server.pid"


@pytest.fixture
def process(pid_file):
    """Start a process with the given arguments and note it in the pid file; end it afterwards."""
    started = []

    def start(*arguments, code=WAIT + "; time.sleep(60)"):
        child = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
        started.append(child)
        assert child.stdout.readline()
        pid_file.parent.mkdir(exist_ok=True)
        pid_file.write_text(f"{child.pid}\n")
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()
        child.stdout.close()


def server(tmp_path, port=5001, host="127.0.0.1"):
    config = ServerConfig(
        host=host, port=port, workers=1, threads=2, keep_releases=2, start_timeout_seconds=5
    )
    return Server(config, tmp_path, tmp_path / "run", "settings_of_some_app")


def test_a_process_that_took_over_the_number_is_no_server_and_is_not_touched(pid_file, process):
    stranger = process("--pid", "/elsewhere/server.pid")
    assert running_pid(pid_file) is None
    assert stop(pid_file) is False
    assert stranger.poll() is None


def test_the_server_of_this_pid_file_is_stopped_and_the_stop_waits_for_its_end(pid_file, process):
    child = process("--pid", str(pid_file))
    assert running_pid(pid_file) == child.pid
    assert stop(pid_file) is True
    assert child.wait(1) == 0  # asked, not killed
    assert stop(pid_file) is False


def test_a_server_that_does_not_end_is_reported_not_killed(pid_file, process):
    deaf = process(
        str(pid_file),
        code="import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
    )
    with pytest.raises(UserError, match=rf"process {deaf.pid}.* has not ended within 0 s"):
        stop(pid_file, seconds=0.2)
    assert deaf.poll() is None


@pytest.mark.parametrize("text", ["", "soon", "999999999"])
def test_a_pid_file_that_names_no_process_means_no_server(pid_file, text):
    pid_file.parent.mkdir()
    pid_file.write_text(text)
    assert running_pid(pid_file) is None


def test_a_server_that_is_gone_but_not_yet_noticed_by_its_parent_has_ended(pid_file, process):
    child = process(str(pid_file))
    assert running_pid(pid_file) == child.pid
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now, and stays one
    assert running_pid(pid_file) is None
    assert stop(pid_file) is False


def test_a_taken_port_is_one_clear_line_and_starts_nothing(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"^port {port} is taken by another program: [^\n]*$"):
            server(tmp_path, port).start(os.environ)
    assert not (tmp_path / "run").exists()


def test_a_host_that_is_not_this_machines_is_not_called_a_taken_port(tmp_path):
    with pytest.raises(UserError, match=r"^configs/server.yaml: cannot listen at 192.0.2.1:\d+: [^\n]*$"):
        server(tmp_path, host="192.0.2.1").start(os.environ)
    assert not (tmp_path / "run").exists()


def test_a_second_start_says_that_the_server_runs(tmp_path, pid_file, process):
    process("--pid", str(pid_file))
    with pytest.raises(UserError, match=r"already running at http://127\.0\.0\.1:5001"):
        server(tmp_path).start(os.environ)


def test_a_start_clears_what_a_dead_server_left(tmp_path, pid_file):
    left = pid_file.parent / "prometheus/counter_17.db"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"1")
    pid_file.write_text(str(os.getpid()))  # its number lives again
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = server(tmp_path, port).prepare({"LANG": "C"})
    assert environment == {
        "LANG": "C",
        "MALLOC_ARENA_MAX": "1",
        "PROMETHEUS_MULTIPROC_DIR": str(left.parent),
    }
    assert not left.exists()
    assert not pid_file.exists()


def test_what_a_server_writes_is_its_users_alone(tmp_path):
    """The log of the one before too, which everybody could read."""
    run = tmp_path / "run"
    run.mkdir()
    run.chmod(0o755)
    (run / "server.log").write_text("of the one before")
    (run / "server.log").chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UserError, match="did not start"):
        server(tmp_path, port).start(os.environ)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (run, *run.glob("*.log*"))}
    assert modes == {"run": 0o700, "server.log": 0o600, "server.log.1": 0o600}


@pytest.mark.parametrize("titled", [False, True])
def test_a_server_with_other_settings_is_not_as_configured(tmp_path, pid_file, process, titled):
    ours = server(tmp_path)
    # Where the package `setproctitle` is installed, gunicorn puts a title in the place of its command line.
    child = process(*([f"gunicorn: master [{ours.name}]"] if titled else ours.command(daemon=True)))
    assert ours.pid() == child.pid
    assert ours.runs_as_configured()
    assert not server(tmp_path, port=5002).runs_as_configured()


def test_an_address_for_everybody_is_reached_by_the_loopback(tmp_path):
    config = ServerConfig(
        host="0.0.0.0", port=80, workers=1, threads=1, keep_releases=2, start_timeout_seconds=1
    )
    assert url_of(config) == "http://127.0.0.1:80"


def test_the_scripts_say_when_no_server_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "movie_genie.deployment", "stop"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "no server is running here\n")
