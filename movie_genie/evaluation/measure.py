"""Ask a system every case, and keep what figures are made of: the target's rank and the ten best films."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from movie_genie.cli import progress
from movie_genie.data.cases import Cases
from movie_genie.errors import UserError
from movie_genie.evaluation.beyond_accuracy import Lists
from movie_genie.inference.selection import top
from movie_genie.metrics import Ranks, ndcg_gains, rank_of_target

Scores = NDArray[np.float32]

LIST_LENGTH = 10
CASES_AT_ONCE = 256
"""Rows of the (cases, items) table of scores that is in memory."""


class System(Protocol):
    """What can be measured: it answers a batch of cases, each from its history alone."""

    def scores(self, cases: Cases) -> Scores:
        """Score every film for every case: (cases, items), higher is better, -inf for "never"."""
        ...


@dataclass(frozen=True)
class Measured:
    """A system's answers.

    Attributes
    ----------
    ranks : (cases,) float
        0-based rank of each target among all films that the user had not rated; inf: never recommended.
    lists : (cases, 10) int64
        The best films, best first; -1 where a list ran short.
    """

    ranks: Ranks
    lists: Lists


def measure(name: str, system: System, cases: Cases) -> Measured:
    """Rank every film for every case; what the user had rated before is never recommended.

    Raises
    ------
    UserError
        When a system's scores hold NaN.
    """
    ranks, lists = [], []
    for first in progress(range(0, len(cases), CASES_AT_ONCE), name):
        batch = cases.take(slice(first, first + CASES_AT_ONCE))
        scores = system.scores(batch)
        if np.isnan(scores).any():
            raise UserError(f"{name}: scores hold NaN; train it again, with a lower learning_rate")
        for row, seen in zip(scores, batch.all_seen(), strict=True):
            row[seen] = -np.inf
        ranks.append(rank_of_target(scores, batch.targets))
        lists.append(best(scores, LIST_LENGTH))
    return Measured(np.concatenate(ranks), np.concatenate(lists))


def best(scores: Scores, length: int) -> Lists:
    """Give each row's highest-scored items, best first, equal ones by number; -1 where only -inf is left.

    >>> best(np.array([[0.1, 0.3, -np.inf, 0.3]], np.float32), 4)
    array([[ 1,  3,  0, -1]])
    """
    lists = np.full((len(scores), min(length, scores.shape[1])), -1)
    for row, values in zip(lists, scores, strict=True):
        found = top(values, length)
        row[: len(found)] = found
    return lists


def gains(metric: str, ranks: Ranks) -> NDArray[np.float64]:
    """What each case adds to a metric: (cases,) in [0, 1].

    >>> gains("recall_at_10", np.array([3.0, 12.0]))
    array([1., 0.])
    """
    kind, _, cutoff = metric.partition("_at_")
    match kind:
        case "recall":
            return (ranks < int(cutoff)).astype(np.float64)
        case "ndcg":
            return ndcg_gains(ranks, int(cutoff))
        case "mrr":
            return 1 / (ranks + 1)
        case _:
            raise ValueError(f"{metric} is no metric of ranks")


def by_user(users: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of each user's cases, so that every user counts the same: (users,), ordered by user_idx."""
    _, rows, number = np.unique(users, return_inverse=True, return_counts=True)
    return np.bincount(rows, weights=values) / number


def rank_metrics(cases: Cases, ranks: Ranks, metrics: list[str]) -> Mapping[str, float]:
    """Mean over users of each metric."""
    return {metric: float(by_user(cases.users, gains(metric, ranks)).mean()) for metric in metrics}
