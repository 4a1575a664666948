"""A model's folder: `config.json`, `model.safetensors` and exported networks; tensors are read by memory map."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movie_genie.errors import UserError
from movie_genie.files import atomic_path, read_json, write_json

CONFIG, WEIGHTS = "config.json", "model.safetensors"

TYPES = {"F32": np.float32, "I32": np.int32}
"""What models here are made of, by safetensors' names."""


def save(
    folder: Path,
    tensors: Mapping[str, NDArray[Any]],
    config: Mapping[str, Any],
    networks: Mapping[str, bytes] | None = None,
) -> None:
    """Write a model's folder, whole or not at all; the same contents give the same bytes.

    `networks` are exported graphs by their file's name.
    """
    from safetensors.numpy import save as to_bytes

    with atomic_path(folder) as temporary:
        temporary.mkdir(parents=True)
        in_order = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
        # The library's own writer reports a full disk in its own way.
        (temporary / WEIGHTS).write_bytes(to_bytes(in_order))
        for name, network in (networks or {}).items():
            (temporary / name).write_bytes(network)
        write_json(temporary / CONFIG, config)


def load(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Map a model's folder: its configuration and its tensors, read-only and not copied.

    The layout is safetensors': the header's length in 8 bytes, a JSON header, then the tensors' bytes. The
    library's own numpy loader copies every tensor; with a map, all workers of a server share one copy.

    Raises
    ------
    UserError
        When a file is missing or is not what it should be.
    """
    path = folder / WEIGHTS
    config = read_json(folder / CONFIG)
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > path.stat().st_size:
                raise ValueError("the header is longer than the file")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        data = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + length)
        tensors = {}
        for name, about in header.items():
            if about["dtype"] not in TYPES:
                raise ValueError(f"tensor {name} is {about['dtype']}, expected one of {', '.join(TYPES)}")
            first, end = about["data_offsets"]
            flat = data[first:end].view(TYPES[about["dtype"]])
            tensors[name] = flat.reshape(about["shape"]).view(np.ndarray)
    except FileNotFoundError:
        raise UserError(f"{path}: not found") from None
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise UserError(f"{path}: not readable as safetensors: {error}") from error
    return config, tensors


def check(
    folder: Path,
    tensors: Mapping[str, NDArray[Any]],
    shapes: Mapping[str, tuple[int, ...]],
    indices: Mapping[str, int] | None = None,
) -> None:
    """See that a model's tensors are what compiled code, which checks nothing, will take them for.

    Parameters
    ----------
    shapes
        What each tensor's shape must be.
    indices
        Tensors of places in a table, and the table's length; all others hold float32.

    Raises
    ------
    UserError
        When a tensor is of another shape or type, or names a place outside of its table.
    KeyError
        When one is missing.
    """
    indices = indices or {}
    for name, shape in shapes.items():
        tensor, wanted = tensors[name], np.int32 if name in indices else np.float32
        if tensor.shape != shape or tensor.dtype != wanted or not tensor.flags.aligned:
            raise UserError(
                f"{folder / WEIGHTS}: tensor {name} is {tensor.dtype} {tensor.shape}, "
                f"expected {np.dtype(wanted)} {shape}"
            )
        if name in indices and tensor.size and not 0 <= tensor.min() <= tensor.max() < indices[name]:
            raise UserError(
                f"{folder / WEIGHTS}: tensor {name} names films beyond the {indices[name]} there are"
            )
