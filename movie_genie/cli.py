"""What every command line shares: `--config`, clear errors, exit codes, progress."""

import argparse
import errno
import inspect
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from pathlib import Path
from typing import TypeVar

from movie_genie.config_file import Config, load_config
from movie_genie.errors import UserError

T = TypeVar("T")
C = TypeVar("C", bound=Config)

OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
"""What a command cannot help: a full disk, or a folder that is not this user's. Anything else may be a bug."""

LOG_EVERY_SECONDS = 15.0
"""How often a long loop says where it is when nobody watches a progress bar."""


def run(command: Callable[[], None]) -> None:
    """Run a command line: an error that a person can act on becomes one line on stderr and exit status 1."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout, force=True)
    for chatty in ("alembic", "httpx", "sentence_transformers", "matplotlib", "mlflow"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        command()
        sys.stdout.flush()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}not usable: {os.strerror(error.errno or 0)}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


def run_stage(main: Callable[[C], None]) -> None:
    """Run a stage: its script's docstring is the help, its `main`'s annotation names the config model."""
    module = inspect.getmodule(main)
    parser = argparse.ArgumentParser(description=module.__doc__ if module else None)
    parser.add_argument("--config", type=Path, required=True, help="the stage's YAML in configs/")
    arguments = parser.parse_args()
    (parameter,) = inspect.signature(main).parameters.values()
    run(lambda: main(load_config(arguments.config, parameter.annotation)))


def progress(items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """Pass `items` on, with a progress bar on a terminal and a plain log line now and then elsewhere."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, desc=label, total=total, leave=False)
        return
    log = logging.getLogger(__name__)
    spoken = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - spoken >= LOG_EVERY_SECONDS:
            spoken = time.monotonic()
            log.info("%s: %d%s", label, done, f" of {total}" if total else "")
