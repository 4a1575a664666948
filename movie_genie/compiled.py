"""Loops over arrays as machine code, by Numba.

A request's sums and products are small. Written as numpy calls, each takes longer to start than to compute, the more so
on caches that the rest of the request has filled; as loops they are a handful of calls.

A function is compiled when its module is imported (some five seconds for all of them), and kept on disk for the next
process: in `__pycache__`, or where NUMBA_CACHE_DIR says. It checks no index: what it reads must have been checked where
it was loaded.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import config, njit, types
from numpy.typing import NDArray

PACKAGE = Path(__file__).parent

Floats = NDArray[np.float32]
Codes = NDArray[np.int8]
Items = NDArray[np.int64]

F = TypeVar("F", bound=Callable[..., Any])  # Any: as each function says

NUMBER = types.float32
WHOLE = types.int64
TRUTH = types.boolean
VECTOR = types.Array(types.float32, 1, "C", readonly=True)
MATRIX = types.Array(types.float32, 2, "C", readonly=True)
ITEMS = types.Array(types.int64, 1, "C", readonly=True)
INDICES = types.Array(types.int32, 2, "C", readonly=True)
BYTES_ROW = types.Array(types.int8, 1, "C", readonly=True)
BYTES = types.Array(types.int8, 2, "C", readonly=True)
SUMS = types.Array(types.float32, 1, "C")
"""What a function adds to, in place."""

LOOSE = {"reassoc", "contract", "arcp", "nsz"}
"""Sums may be made in another order, and so several at a time; infinities and nan mean what they always do."""


def _of_this_code() -> Path:
    """A folder for machine code that changes its name when a source does.

    Numba itself would keep a function that calls one of another, changed file.
    """
    whole = hashlib.sha256()
    for path in (
        Path(__file__),
        *sorted(PACKAGE.glob("retrieval/*.py")),
        *sorted(PACKAGE.glob("ranking/*.py")),
    ):
        whole.update(path.read_bytes())
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or PACKAGE / "__pycache__")
    return folder / f"numba-{whole.hexdigest()[:12]}"


config.CACHE_DIR = str(_of_this_code())  # type: ignore[attr-defined]  # numba makes its settings from a table


def compiled(*signature: types.Type) -> Callable[[F], F]:
    """Compile the function for arguments of these types, and no others."""
    compile_it = njit(signature, cache=True, fastmath=LOOSE, error_model="numpy")
    return cast("Callable[[F], F]", compile_it)  # to its callers it is the function that it was


@compiled(VECTOR, VECTOR)
def dot(a: Floats, b: Floats) -> np.float32:
    """Inner product: (n,), (n,) -> number."""
    total = np.float32(0)
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


class Coded(NamedTuple):
    """Vectors, or a matrix's rows, in 8 bits a number.

    A request reads all of a model. As floats that would drive what else the request needs out of a core's
    second-level cache; how much that costs, and that no metric minds: docs/architecture.md.
    """

    codes: Codes
    """(vectors, dim)"""
    steps: Floats
    """(vectors,) what one step of each vector's codes is worth."""


def coded(vectors: Floats) -> Coded:
    """Round each vector to 255 steps: (vectors, dim), finite."""
    steps = np.maximum(np.abs(vectors).max(1) / np.float32(127), np.float32(1e-9))
    return Coded(np.rint(vectors / steps[:, None]).astype(np.int8, order="C"), steps)


@compiled(BYTES_ROW, VECTOR)
def coded_dot(code: Codes, b: Floats) -> np.float32:
    """Inner product of a coded vector with another one, in its steps: (n,), (n,) -> number."""
    total = np.float32(0)
    for i in range(len(code)):
        total += np.float32(code[i]) * b[i]
    return total


@compiled(SUMS, NUMBER, VECTOR)
def add_scaled(sums: Floats, factor: np.float32, b: Floats) -> None:
    """sums += factor * b, both (n,)."""
    for i in range(len(sums)):
        sums[i] += factor * b[i]


@compiled(SUMS, NUMBER, BYTES_ROW)
def add_coded(sums: Floats, factor: np.float32, code: Codes) -> None:
    """sums += factor * code, both (n,)."""
    for i in range(len(sums)):
        sums[i] += factor * np.float32(code[i])
