"""What the log must not hold."""

import subprocess
import sys

import pytest

FAILING = """
import sys, structlog
from movie_genie.backend.logs import configure_logging

configure_logging(json_lines=sys.argv[1] == "json")

def sign_in(password):
    raise RuntimeError("broken")

try:
    sign_in("my-" + "secret-pass-9")
except RuntimeError:
    structlog.get_logger().exception("failed")
"""


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_passwords(form: str):
    done = subprocess.run([sys.executable, "-c", FAILING, form], capture_output=True, text=True, check=True)
    assert "RuntimeError: broken" in done.stderr and "sign_in" in done.stderr
    assert "my-secret-pass-9" not in done.stderr


REPLACED = """
import io, logging, sys, structlog
from movie_genie.backend.logs import configure_logging

first, second = io.StringIO(), io.StringIO()
sys.stderr = first
configure_logging(json_lines=True)
ours, library = structlog.get_logger(), logging.getLogger("library")
ours.info("one")
library.info("one")
sys.stderr = second
first.close()
ours.info("two")
library.info("two")
print(second.getvalue().count('"event":"two"'))
"""


def test_loggers_write_to_the_stderr_of_the_moment():
    """Whatever replaces stderr and closes the old one, as pytest does for each test, a logger goes on writing."""
    done = subprocess.run([sys.executable, "-c", REPLACED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2"
