"""Sequences cut into windows and put into batches of like length, so that little is padding."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from movie_genie.history import History


class Batch(NamedTuple):
    """Histories below each other, padded on the left, so that the newest film is always in the last column."""

    items: Tensor
    """(rows, time) int; the number of films where padded."""
    stars: Tensor
    """(rows, time); 0 where padded."""
    ages: Tensor
    """(rows, time) int: seconds from each rating to the row's question; where padded, the oldest film's."""


def windows(sequences: Sequence[History], length: int, rng: np.random.Generator) -> list[History]:
    """Cut sequences into pieces of at most `length` films, at places that differ from epoch to epoch.

    The newest piece always ends with the sequence; pieces of a single film are dropped. A piece is asked when its last
    film was rated.
    """
    pieces = []
    for sequence in sequences:
        end = len(sequence)
        if end > length:
            head = int(rng.integers(1, length + 1))  # the oldest piece takes the odd length
            cuts = [0, *range(head, end, length), end]
        else:
            cuts = [0, end]
        pieces += [sequence.part(a, b, int(sequence.times[b - 1])) for a, b in pairwise(cuts) if b - a > 1]
    return pieces


def batches(
    pieces: Sequence[History], tokens: int, padding: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """Group pieces of like length into batches of about `tokens` films, in random order, padded with `padding`."""
    by_length = sorted(rng.permutation(len(pieces)), key=lambda piece: len(pieces[piece]))
    groups: list[list[int]] = [[]]
    for piece in by_length:
        if groups[-1] and (len(groups[-1]) + 1) * len(pieces[piece]) > tokens:
            groups.append([])
        groups[-1].append(piece)
    for group in rng.permutation(len(groups)):
        yield pad([pieces[piece] for piece in groups[group]], padding)


def pad(rows: Sequence[History], padding: int) -> Batch:
    """Put histories below each other; an empty one is a place of padding."""
    longest = max((max(1, len(row)) for row in rows), default=0)
    items = np.full((len(rows), longest), padding, np.int64)
    stars = np.zeros(items.shape, np.float32)
    ages = np.zeros_like(items)
    for index, row in enumerate(rows):
        own = slice(longest - len(row), longest)
        items[index, own], stars[index, own], ages[index, own] = row.items, row.stars, row.ages
        if len(row):
            ages[index, : own.start] = ages[index, own.start]
    return Batch(*map(torch.from_numpy, (items, stars, ages)))
