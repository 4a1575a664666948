"""What lists of recommendations are like, apart from hitting: how broad, how known, how alike.

A list is a row of item_idx, best first; -1 fills a list that ran short.
"""

import numpy as np
from numpy.typing import NDArray

Lists = NDArray[np.int64]


def coverage(lists: Lists, items: int) -> float:
    """Share of the catalogue that is in at least one list.

    >>> coverage(np.array([[0, 1], [1, -1]]), items=4)
    0.5
    """
    return len(np.unique(lists[lists >= 0])) / items


def novelty(lists: Lists, raters: NDArray[np.int64], users: int) -> float:
    """Mean self-information of the recommended films, in bits (Zhou et al. 2010; Castells et al. 2015).

    A film that a share p of the users rated tells -log2 p; one more imagined user has rated every film, which
    keeps unrated films finite.

    Parameters
    ----------
    raters : (items,) int
        How many of the training's `users` rated each film.

    Examples
    --------
    >>> novelty(np.array([[0, 1]]), raters=np.array([3, 0]), users=3)
    1.0
    """
    information = -np.log2((raters + 1) / (users + 1))
    return float(information[lists[lists >= 0]].mean()) if (lists >= 0).any() else 0.0


def diversity(lists: Lists, vectors: NDArray[np.float32]) -> float:
    """Mean cosine distance between two films of a list (Ziegler et al. 2005), over lists.

    Lists with fewer than two films say nothing and are left out.

    Parameters
    ----------
    vectors : (items, width) float, of unit length
        Text embeddings.

    Examples
    --------
    >>> diversity(np.array([[0, 1], [0, 0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    0.5
    """
    present = (lists >= 0)[:, :, None]
    sizes = present.sum(axis=(1, 2))
    chosen = vectors[lists] * present  # (lists, length, width)
    total = (chosen.sum(axis=1) ** 2).sum(axis=1)  # cosines of all pairs, self-pairs included
    alike = (total - (chosen**2).sum(axis=(1, 2)))[sizes > 1]
    pairs = (sizes * (sizes - 1))[sizes > 1]
    return float((1 - alike / pairs).mean()) if len(pairs) else 0.0
