"""The trained models as systems that can be measured, and the weight that puts the two of them together."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from movie_genie.cli import progress
from movie_genie.evaluation.measure import LIST_LENGTH, Scores, by_user, gains
from movie_genie.evaluation.protocols import Cases
from movie_genie.ranking.two_stage import TwoStage

History = NDArray[np.int64]


class Model(Protocol):
    """One trained model."""

    def scores(self, history: History) -> NDArray[np.float32]:
        """Score every film after a history: (items,)."""
        ...


class Alone:
    """One model over all films."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def scores(self, cases: Cases) -> Scores:
        """See System."""
        return np.stack([self.model.scores(cases.history(case)) for case in range(len(cases))])


class Together:
    """Both stages by the very call that serves viewers: only candidates are ever recommended."""

    def __init__(self, two_stage: TwoStage) -> None:
        self.two_stage = two_stage

    def scores(self, cases: Cases) -> Scores:
        """See System."""
        scores = np.full((len(cases), self.two_stage.items), -np.inf, np.float32)
        for case in range(len(cases)):
            ranking = self.two_stage.recommend(
                cases.history(case), self.two_stage.candidates, cases.seen(case)
            )
            scores[case, ranking.items] = ranking.scores
        return scores


def ndcg_by_weight(two_stage: TwoStage, cases: Cases, weights: Sequence[float]) -> list[float]:
    """NDCG@10 of both stages fused with each weight; both models are asked once a case."""
    ranks = np.full((len(cases), len(weights)), np.inf)
    for case in progress(range(len(cases)), "fusion weight"):
        parts = two_stage.parts(cases.history(case), cases.seen(case))
        (place,) = np.nonzero(parts.candidates == cases.targets[case])
        if len(place):
            fused = np.stack([parts.fused(weight) for weight in weights])  # (weights, candidates)
            own = fused[:, place]
            ranks[case] = (fused > own).sum(axis=1) + ((fused == own).sum(axis=1) - 1) / 2
    return [float(by_user(cases.users, gains("ndcg_at_10", rank)).mean()) for rank in ranks.T]


def latency(
    two_stage: TwoStage, cases: Cases, requests: int, clock: Callable[[], float]
) -> tuple[float, float]:
    """Time whole recommendations of ten films, one at a time: (median, 99th percentile) in milliseconds.

    Parameters
    ----------
    requests : int
        At most so many of the cases are asked, evenly spread.
    clock : callable
        Seconds, as `time.perf_counter` counts them.
    """
    asked = np.unique(np.linspace(0, len(cases) - 1, requests).astype(int))
    seconds = []
    for case in (asked[0], *asked):  # the first call also pages the weights in, and is not counted
        started = clock()
        two_stage.recommend(cases.history(case), LIST_LENGTH, cases.seen(case))
        seconds.append(clock() - started)
    median, slow = np.percentile(seconds[1:], [50, 99]) * 1000
    return float(median), float(slow)
