"""What closed forms share: which films they know, and the table of each film's strongest followers."""

import numpy as np
from numpy.typing import NDArray


def most_rated(counts: NDArray[np.int64], films: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The films rated most, of those rated at all.

    Returns
    -------
    (known,) int64
        item_idx, ascending.
    (items,) int64
        Each film's place among them; -1 where it is none.
    """
    known = np.sort(np.argsort(-counts, kind="stable")[: min(films, np.count_nonzero(counts))])
    column = np.full(len(counts), -1)
    column[known] = np.arange(len(known))
    return known, column


def strongest(
    solved: NDArray[np.float32], known: NDArray[np.int64], items: int, kept: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Keep each known film's largest weights: (known, known), row by row.

    Returns
    -------
    (items, kept) int32
        item_idx of each film's followers, strongest first.
    (items, kept) float32
        How strongly; 0 for films that are not known.
    """
    kept = min(kept, len(known))
    best = np.argsort(-solved, axis=1, kind="stable")[:, :kept]
    films, strength = np.zeros((items, kept), np.int32), np.zeros((items, kept), np.float32)
    films[known] = known[best]
    strength[known] = np.take_along_axis(solved, best, 1)
    return films, strength
