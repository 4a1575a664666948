"""A peer's training in the Python where it is installed: asked in JSON, its answer checked."""

import json
import subprocess
from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt

from movie_genie.config_file import Config, parse_config
from movie_genie.errors import UserError

ROOT = Path(__file__).parents[2]
MODULE = "benchmarks.peers.rectools"


class Question(Config):
    """One epoch of one model."""

    ratings: str
    """A CSV file: user_id, item_id and datetime in seconds since 1970, in the order in which they were given."""
    objective: str
    hidden_dim: int
    blocks: int
    heads: int
    length: int
    """Latest ratings of a user that are read."""
    batch_size: int
    """Sequences of that length."""
    dropout: float
    learning_rate: float
    threads: int
    seed: int


class Answer(Config):
    """What the epoch took."""

    version: str = Field(min_length=1)
    seconds: PositiveFloat
    """Without what is done once."""
    ratings: PositiveInt
    """How many were read."""
    operations: PositiveFloat
    """Floating point operations of the epoch's products."""
    product_speed: PositiveFloat
    """Floating point operations a second of a plain product in the same process."""


def check_installed(python: Path) -> None:
    """Refuse a Python without the peer, before anything is measured.

    Raises
    ------
    UserError
        One line that says how to install it.
    """
    looks = "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))"
    if _run(python, ["-c", looks, "rectools", "pytorch_lightning"]).returncode:
        raise UserError(
            f"{python}: RecTools is not installed there; install it: {python} -m pip install 'rectools[torch]'"
        )


def ask(python: Path, question: Question) -> Answer:
    """Train one epoch in a process of its own.

    Raises
    ------
    UserError
        When it fails, or its answer is none.
    """
    ran = _run(python, ["-m", MODULE], question.model_dump_json())
    if ran.returncode:
        said = ran.stderr.strip().splitlines() or ["it says nothing"]
        raise UserError(f"{python} -m {MODULE}: exit status {ran.returncode}: {said[-1]}")
    return parse(ran.stdout, python)


def parse(said: str, python: Path) -> Answer:
    """Take the answer from the last line of what was said; Lightning may speak too.

    Raises
    ------
    UserError
        When it is no answer.
    """
    last = said.strip().rpartition("\n")[2]
    try:
        answer = json.loads(last)
    except ValueError:
        raise UserError(f"{python} -m {MODULE}: expected a line of JSON last, got {last[:80]!r}") from None
    return parse_config(answer, python, Answer)


def _run(python: Path, arguments: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    # -E: what PYTHONPATH says of this environment is not for that one. A path is made absolute by hand, as a link
    # to the interpreter is what makes a virtual environment.
    command = [str(python.absolute()), "-E", *arguments]
    try:
        return subprocess.run(command, input=text, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UserError(f"{python}: cannot be run: {error.strerror}; --peer-python names a Python") from None
