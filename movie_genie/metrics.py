"""Ranking metrics for one held-out film a user; pure functions of ranks."""

import numpy as np
from numpy.typing import NDArray

Ranks = NDArray[np.float64]


def rank_of_target(scores: NDArray[np.float32], targets: NDArray[np.int64]) -> Ranks:
    """0-based rank of each user's held-out item among all items; ties take the middle rank.

    Parameters
    ----------
    scores : (users, items) float
        Higher is better; items that must not be recommended hold -inf.
    targets : (users,) int
        Column of the held-out item.

    Returns
    -------
    (users,) float
        Infinity where the target itself holds -inf: it was not recommended at any length.

    Examples
    --------
    >>> rank_of_target(np.array([[3.0, 1.0, 2.0], [1.0, 1.0, 0.0]]), np.array([2, 0]))
    array([1. , 0.5])
    """
    if np.isnan(scores).any():
        raise ValueError("scores hold NaN")
    own = np.take_along_axis(scores, targets[:, None], axis=1)
    better = (scores > own).sum(axis=1)
    ties = (scores == own).sum(axis=1) - 1
    return np.where(np.isneginf(own[:, 0]), np.inf, better + ties / 2)


def recall_at_k(ranks: Ranks, k: int) -> float:
    """Share of users whose held-out item is among the first k (hit rate, with one relevant item a user).

    >>> recall_at_k(np.array([0.0, 9.0, 10.0, np.inf]), 10)
    0.5
    """
    return float((ranks < k).mean()) if len(ranks) else 0.0


def ndcg_at_k(ranks: Ranks, k: int) -> float:
    """Mean normalised discounted cumulative gain with one relevant item a user.

    With a single relevant item the ideal gain is 1 (Järvelin & Kekäläinen 2002, section 3).

    >>> ndcg_at_k(np.array([0.0, 2.0]), 10)
    0.75
    """
    return float(ndcg_gains(ranks, k).mean()) if len(ranks) else 0.0


def ndcg_gains(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Each user's own NDCG@k, for paired tests: (users,) ranks -> (users,) gains in [0, 1]."""
    return np.where(ranks < k, 1 / np.log2(ranks + 2), 0.0)
