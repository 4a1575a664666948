"""Sequences cut into windows and put into batches of like length, so that little is padding."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Items = NDArray[np.int64]


def windows(sequences: Sequence[Items], length: int, rng: np.random.Generator) -> list[Items]:
    """Cut sequences into pieces of at most `length` items, at places that differ from epoch to epoch.

    The newest piece always ends with the sequence; pieces of a single item are dropped.
    """
    pieces = []
    for sequence in sequences:
        end = len(sequence)
        if end > length:
            head = int(rng.integers(1, length + 1))  # the oldest piece takes the odd length
            cuts = [0, *range(head, end, length), end]
        else:
            cuts = [0, end]
        pieces += [sequence[a:b] for a, b in pairwise(cuts) if b - a > 1]
    return pieces


def batches(pieces: Sequence[Items], tokens: int, padding: int, rng: np.random.Generator) -> Iterator[Items]:
    """Group pieces of like length into batches of about `tokens` items, in random order.

    Yields
    ------
    (rows, time) int
        Padded on the left with `padding`, so that the newest item is always in the last column.
    """
    by_length = sorted(rng.permutation(len(pieces)), key=lambda piece: len(pieces[piece]))
    groups: list[list[int]] = [[]]
    for piece in by_length:
        if groups[-1] and (len(groups[-1]) + 1) * len(pieces[piece]) > tokens:
            groups.append([])
        groups[-1].append(piece)
    for group in rng.permutation(len(groups)):
        yield pad([pieces[piece] for piece in groups[group]], padding)


def pad(rows: Sequence[Items], padding: int) -> Items:
    """Put rows below each other, newest item in the last column: (rows, longest) int."""
    longest = max((len(row) for row in rows), default=0)
    batch = np.full((len(rows), longest), padding, np.int64)
    for index, row in enumerate(rows):
        if len(row):
            batch[index, longest - len(row) :] = row
    return batch
