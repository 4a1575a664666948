"""Runs a function in a process of its own, so that its memory can be told from that of all others."""

import logging
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Cost(NamedTuple):
    """What a call took."""

    seconds: float
    peak_memory_mb: float


def in_child(folder: Path, function: Callable[..., T], *arguments: object) -> tuple[T, Cost]:
    """Call a module's function in a new process, whose working folder is `folder`; an error comes back as it is."""
    with ProcessPoolExecutor(1, get_context("spawn"), _enter, (folder,)) as pool:
        return pool.submit(_timed, function, arguments).result()


def _enter(folder: Path) -> None:
    os.chdir(folder)
    logging.basicConfig(level=logging.INFO, format="  %(message)s", stream=sys.stdout)


def _timed(function: Callable[..., T], arguments: tuple[object, ...]) -> tuple[T, Cost]:
    started = time.perf_counter()
    result = function(*arguments)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes on Linux, bytes on macOS.
    return result, Cost(seconds, peak / (2**20 if sys.platform == "darwin" else 2**10))
