"""Loops over arrays as machine code, by Numba: products, look-ups and selections. Networks are not written here.

A request's sums and products are small. Written as numpy calls, each takes longer to start than to compute, the more so
on caches that the rest of the request has filled; as loops they are a handful of calls.

A function is compiled when its module is imported, and kept on disk for the next process: in `__pycache__`, or where
NUMBA_CACHE_DIR says. It checks no index: what it reads must have been checked where it was loaded.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numba import config, njit, types
from numpy.typing import NDArray

ROOM = Path(__file__).parent

Floats = NDArray[np.float32]
Codes = NDArray[np.int8]
Items = NDArray[np.int64]
Films = NDArray[np.int32]

F = TypeVar("F", bound=Callable[..., Any])  # Any: as each function says

FLOAT32 = types.float32
INT32 = types.int32
INT64 = types.int64
FLOAT32_VECTOR = types.Array(types.float32, 1, "C", readonly=True)
FLOAT32_MATRIX = types.Array(types.float32, 2, "C", readonly=True)
INT64_VECTOR = types.Array(types.int64, 1, "C", readonly=True)
INT32_MATRIX = types.Array(types.int32, 2, "C", readonly=True)
INT8_VECTOR = types.Array(types.int8, 1, "C", readonly=True)
INT8_MATRIX = types.Array(types.int8, 2, "C", readonly=True)
WRITTEN_VECTOR = types.Array(types.float32, 1, "C")
WRITTEN_MATRIX = types.Array(types.float32, 2, "C")
"""Changed in place."""

LOOSE = {"reassoc", "contract", "arcp", "nsz"}
"""Sums may be made in another order, and so several at a time; infinities and nan mean what they always do."""


def _folder() -> Path:
    """A folder for machine code that changes its name when a source of this room does.

    Numba itself would keep a function that calls one of another, changed file.
    """
    sources = hashlib.sha256()
    for path in sorted(ROOM.glob("*.py")):
        sources.update(path.read_bytes())
    return (
        Path(os.environ.get("NUMBA_CACHE_DIR") or ROOM / "__pycache__") / f"numba-{sources.hexdigest()[:12]}"
    )


config.CACHE_DIR = str(_folder())  # type: ignore[attr-defined]  # numba makes its settings from a table


def compiled(*signature: types.Type) -> Callable[[F], F]:
    """Compile the function for arguments of these types, and no others."""
    compile_it = njit(signature, cache=True, fastmath=LOOSE, error_model="numpy")
    return cast("Callable[[F], F]", compile_it)  # to its callers it is the function that it was
