"""What every command line does: help, one-line errors, exit codes, progress."""

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

STAGE = '''"""Stage `demo`: do as told."""
import errno
from movie_genie.cli import progress, run_stage
from movie_genie.config import TrackingConfig
from movie_genie.errors import UserError

def main(config: TrackingConfig) -> None:
    if config.experiment == "fail":
        raise UserError("ratings.csv: empty; choose another file")
    if config.experiment == "interrupt":
        raise KeyboardInterrupt
    if config.experiment == "disk":
        raise OSError(errno.ENOSPC, "No space left on device", "results/report.html")
    if config.experiment == "gone":
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "results/report.html")
    if config.experiment == "bug":
        raise RuntimeError("a bug")
    if config.experiment == "talk":
        for _ in range(100000):
            print("y")
    print(config.experiment, sum(progress(range(1000), "films")))

if __name__ == "__main__":
    run_stage(main)
'''


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    (tmp_path / "stage.py").write_text(STAGE)
    return tmp_path


def run(stage: Path, experiment: str) -> subprocess.CompletedProcess[str]:
    (stage / "demo.yaml").write_text(f"enabled: true\nexperiment: {experiment}\n")
    command = [sys.executable, "stage.py", "--config", "demo.yaml"]
    return subprocess.run(command, check=False, cwd=stage, capture_output=True, text=True)


def test_a_stage_gets_its_config_and_exits_with_0(stage: Path) -> None:
    done = run(stage, "films")
    assert (done.returncode, done.stdout, done.stderr) == (0, "films 499500\n", "")


def test_an_error_to_act_on_is_one_line_and_exit_1(stage: Path) -> None:
    done = run(stage, "fail")
    assert (done.returncode, done.stderr) == (1, "error: ratings.csv: empty; choose another file\n")


def test_a_full_disk_is_one_line_wherever_it_shows(stage: Path) -> None:
    done = run(stage, "disk")
    assert (done.returncode, done.stderr) == (
        1,
        "error: results/report.html: not usable: No space left on device\n",
    )


def test_a_file_that_should_be_there_is_a_bug_with_its_traceback(stage: Path) -> None:
    done = run(stage, "gone")
    assert done.returncode == 1
    assert "Traceback" in done.stderr and "FileNotFoundError" in done.stderr


def test_a_broken_config_is_one_line_and_exit_1(stage: Path) -> None:
    (stage / "demo.yaml").write_text("enabled: true\n")
    command = [sys.executable, "stage.py", "--config", "demo.yaml"]
    done = subprocess.run(command, check=False, cwd=stage, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "error: demo.yaml: experiment: missing\n")


def test_a_bug_keeps_its_traceback(stage: Path) -> None:
    done = run(stage, "bug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.endswith("RuntimeError: a bug\n")


def test_an_interrupt_exits_with_130(stage: Path) -> None:
    done = run(stage, "interrupt")
    assert (done.returncode, done.stderr) == (130, "stopped\n")


def test_a_reader_that_has_seen_enough_is_no_error(stage: Path) -> None:
    (stage / "demo.yaml").write_text("enabled: true\nexperiment: talk\n")
    command = [sys.executable, "stage.py", "--config", "demo.yaml"]
    with subprocess.Popen(
        command, cwd=stage, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "y\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0


def test_help_is_the_scripts_own_docstring(stage: Path) -> None:
    command = [sys.executable, "stage.py", "--help"]
    done = subprocess.run(command, check=False, cwd=stage, capture_output=True, text=True)
    assert done.returncode == 0
    assert "Stage `demo`: do as told." in done.stdout


def test_a_terminal_sees_a_progress_bar_and_a_log_does_not(stage: Path) -> None:
    (stage / "demo.yaml").write_text("enabled: true\nexperiment: films\n")
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    command = [sys.executable, "stage.py", "--config", "demo.yaml"]
    process = subprocess.Popen(command, cwd=stage, stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""
    while piece := _read(master):
        seen += piece
    os.close(master)
    assert process.wait() == 0
    assert b"films:" in seen
    assert b"|" in seen
    assert "films:" not in run(stage, "films").stderr


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""
