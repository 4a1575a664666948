"""One hash over whatever decides how a training goes: settings, data, a fresh model."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

import numpy as np
import torch
from torch import nn


def digest_of(*values: object) -> str:
    """The sha256 over values, arrays and tensors, and what holds them: mappings, sequences, data classes, modules.

    Raises
    ------
    TypeError
        When one is of another kind: a value that is left out would let two trainings seem the same.
    """
    whole = hashlib.sha256()
    for part in _parts(values):
        whole.update(part)
    return whole.hexdigest()


def _parts(value: object) -> Iterator[bytes]:
    """The bytes of a value, each part led by its kind and size."""
    if isinstance(value, np.ndarray):
        yield f"array {value.dtype} {value.shape} ".encode()
        yield value.tobytes()
    elif isinstance(value, torch.Tensor):
        yield f"tensor on {value.device.type} ".encode()
        yield from _parts(value.detach().cpu().numpy())
    elif isinstance(value, nn.Module):
        yield from _parts({**dict(value.named_parameters()), **dict(value.named_buffers())})
    elif isinstance(value, Mapping):
        yield f"mapping {len(value)} ".encode()
        for key in sorted(value):
            yield from _parts((key, value[key]))
    elif isinstance(value, list | tuple):
        yield f"sequence {len(value)} ".encode()
        for member in value:
            yield from _parts(member)
    elif is_dataclass(value):
        yield from _parts({field.name: getattr(value, field.name) for field in fields(value)})
    elif value is None or isinstance(value, str | int | float):
        yield f"{value!r} ".encode()
    else:
        raise TypeError(f"no digest of a {type(value).__name__}")
