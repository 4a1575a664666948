from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from movie_genie.training.digest import digest_of


@dataclass
class Pair:
    first: object
    second: object


def layer(value: float) -> nn.Module:
    made = nn.BatchNorm1d(2)
    made.running_mean = torch.full((2,), value)  # a buffer counts as a parameter does
    return made


DIFFERENT = [
    None, 1, 1.0, True, "1", [1], [[1]], [1, 1], [], {}, {"a": 1}, {"b": 1}, {"a": {"b": 1}},
    np.array([1]), np.array([1.0]), np.array([[1]]), np.array([1], np.int32), torch.tensor([1]),
    [np.array([1, 2]), np.array([3])], [np.array([1]), np.array([2, 3])],
    Pair(1, [2]), Pair([1], 2), layer(0.0), layer(1.0),
]  # fmt: skip


def test_values_that_differ_in_anything_have_different_digests():
    assert len({digest_of(value) for value in DIFFERENT}) == len(DIFFERENT)


def test_equal_values_have_equal_digests():
    assert digest_of({"a": 1, "b": np.arange(3)}) == digest_of({"b": np.arange(6)[:3], "a": 1})
    assert digest_of(layer(2.0)) == digest_of(layer(2.0))


def test_what_cannot_be_told_apart_is_refused():
    with pytest.raises(TypeError, match="no digest of a set"):
        digest_of([{1, 2}])
