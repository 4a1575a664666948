"""How much each model counts: chosen on validation cases, all models together."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from movie_genie.cli import progress
from movie_genie.data.cases import Cases
from movie_genie.evaluation.measure import CASES_AT_ONCE, by_user, gains
from movie_genie.inference.newcomers import emphasised
from movie_genie.inference.two_stage import Candidates, TwoStage

METRIC = "ndcg_at_100"
"""Deeper than what is judged: films found at place 40 count too, so that fewer cases decide by chance."""

FACTORS = (0.0, 0.5, 0.71, 1.41, 2.0)
"""What a weight is tried times; 0 leaves the model out."""

MOST_ROUNDS = 10

Weights = NDArray[np.float64]


class Trial(NamedTuple):
    """Weights that were tried, in the order of `TwoStage.models`, and their validation metric."""

    weights: tuple[float, ...]
    value: float


def ask(two_stage: TwoStage, cases: Cases) -> list[Candidates]:
    """What the models say of every case's candidates."""
    found: list[Candidates] = []
    for first in progress(range(0, len(cases), CASES_AT_ONCE), "candidates"):
        batch = cases.take(slice(first, first + CASES_AT_ONCE))
        found += two_stage.candidates(batch.histories(), batch.all_seen())
    return found


def validate(found: Sequence[Candidates], cases: Cases, weights: Weights) -> float:
    """METRIC of the candidates in the order of a weighted sum; a target that is none of them counts 0."""
    ranks = np.full(len(cases), np.inf)
    for case, (items, scores, _, emphasis, _) in enumerate(found):
        place = int(np.searchsorted(items, cases.targets[case]))
        if place < len(items) and items[place] == cases.targets[case]:
            whole = emphasised(weights.astype(np.float32), emphasis) @ scores
            own = whole[place]
            ranks[case] = (whole > own).sum() + ((whole == own).sum() - 1) / 2
    return float(by_user(cases.users, gains(METRIC, ranks)).mean())


def tune(found: Sequence[Candidates], cases: Cases, models: int) -> list[Trial]:
    """Climb from equal weights: one model after the other is tried with larger and smaller weights, while it helps.

    No grid has an edge at which the search would have to stop: factors are applied again in the next round.

    Returns
    -------
    list of Trial
        The weights that each step kept; the last is the best.
    """
    weights = np.ones(models)
    trials = [Trial(tuple(weights), validate(found, cases, weights))]
    for _ in range(MOST_ROUNDS):
        before = trials[-1]
        for model in range(models):
            tried = [_with(weights, model, factor) for factor in FACTORS]
            values = [validate(found, cases, one) if one.any() else -1.0 for one in tried]
            best = int(np.argmax(values))
            if values[best] > trials[-1].value:
                weights = tried[best]
                trials.append(Trial(tuple(np.round(weights, 4).tolist()), values[best]))
        if trials[-1] is before:
            break
    return trials


def _with(weights: Weights, model: int, factor: float) -> Weights:
    """One weight changed by a factor; a model that was left out may come back."""
    changed = weights.copy()
    changed[model] = changed[model] * factor if changed[model] else factor
    return changed
