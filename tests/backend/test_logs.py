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
