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


STRANGE = """
import logging, sys, structlog
from movie_genie.backend.logs import configure_logging

configure_logging(json_lines=sys.argv[1] == "json")
strange = "/a\\nforged=1\\r\\x1b[2J\\x7f\\x9b1m\\u2028\\u202e"
structlog.get_logger().info("request", path=strange)
structlog.get_logger().info(strange)
logging.getLogger("library").warning("path %s", strange)
try:
    raise RuntimeError(strange)
except RuntimeError:
    structlog.get_logger().exception("failed")
"""


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_a_stranger_sends_begins_no_line_and_commands_no_terminal(form: str):
    done = subprocess.run([sys.executable, "-c", STRANGE, form], capture_output=True, text=True, check=True)
    assert not [character for character in done.stderr if character in "\r\x1b\x7f\x9b\u2028\u202e"]
    lines = done.stderr.split("\n")
    assert not [line for line in lines if line.startswith("forged")]
    assert ["/a" in line for line in lines[:3]] == [True] * 3
    assert done.stderr.count("u202e") == 4


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
