"""Components started and ended together, here with a script in Airflow's place."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from movie_genie.errors import UserError
from movie_genie.orchestration.standalone import Components

SCRIPT = """\
#!/bin/sh
echo "this is $1"
case $1 in
  broken) echo why >&2; exit 3 ;;
  parent) setsid sh -c 'echo $$ > child; sleep 60 & wait' & wait ;;
  *) sleep 60 ;;
esac
"""


@pytest.fixture
def components(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Components]:
    """None running yet; signals are afterwards what they were, as leaving the `with` silences them."""
    script = tmp_path / "airflow"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    yield Components(script, {"PATH": "/usr/bin:/bin"}, tmp_path / "logs")
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


def at_work(process: psutil.Process) -> bool:
    """Whether it runs; one that nobody has waited for yet does not."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_leaving_ends_them_with_all_that_they_started(components: Components, tmp_path: Path):
    child = tmp_path / "child"
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        with components:
            components.start("first", ["steady"])
            components.start("second", ["parent"])
            components.wait_until(lambda: child.exists() and child.read_text().endswith("\n"))
            started = psutil.Process().children(recursive=True)
            assert int(child.read_text()) in {process.pid for process in started}
        assert {process.pid for process in started if at_work(process)} == {bystander.pid}
    finally:
        bystander.kill()
        bystander.wait()


def test_one_that_ends_is_named_with_its_last_lines(components: Components, tmp_path: Path):
    with components, pytest.raises(UserError) as error:
        components.start("first", ["steady"])
        components.start("worker", ["broken"])
        components.watch()
    assert "airflow worker ended (3)" in str(error.value)
    assert str(error.value).endswith("this is broken\nwhy")


def test_a_command_that_fails_is_named_with_its_last_lines(components: Components):
    with components, pytest.raises(UserError, match=r"airflow broken failed \(3\)(.|\n)*why"):
        components.run("broken")
