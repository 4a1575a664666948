"""Every system that is measured, by its name in metrics and plots."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from movie_genie.config import EvaluationConfig
from movie_genie.data.cases import Cases
from movie_genie.evaluation.baselines import Ease, Popularity, RecentPopularity
from movie_genie.evaluation.measure import Scores, System
from movie_genie.inference.models import Model
from movie_genie.inference.two_stage import TwoStage

INTEGRATED = "integrated"
"""The system that viewers get: all sources and rankers together."""

Baseline = Callable[[pd.DataFrame, int, EvaluationConfig], System]
"""From training events (under schemas.INTERACTIONS) and the vocabulary's size."""

BASELINES: dict[str, Baseline] = {
    "ease": lambda training, items, config: Ease(training, items, config.ease_films, config.ease_lambda),
    "recent_popularity": lambda training, items, config: RecentPopularity(
        training, items, config.recent_popularity_days
    ),
    "popularity": lambda training, items, config: Popularity(training, items),
}

LABELS = {
    INTEGRATED: "All together",
    "bert4rec": "BERT4Rec",
    "ease": "EASE",
}
"""What people call a system, where that is not its name in plain words."""


class Alone:
    """One model over all films."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def scores(self, cases: Cases) -> Scores:
        """See System."""
        return self.model.scores(cases.histories())


class Integrated:
    """Sources and rankers as they serve viewers: only candidates are ever recommended."""

    def __init__(self, two_stage: TwoStage) -> None:
        self.two_stage = two_stage

    def scores(self, cases: Cases) -> Scores:
        """See System."""
        scores = np.full((len(cases), self.two_stage.items), -np.inf, np.float32)
        found = self.two_stage.candidates(cases.histories(), cases.all_seen())
        for row, candidates in zip(scores, found, strict=True):
            row[candidates.items] = self.two_stage.fused(candidates)
        return scores


def names(config: EvaluationConfig) -> list[str]:
    """Every system's name: what is served, then its parts alone, then the baselines."""
    return [INTEGRATED, *config.models, *BASELINES]


def label(name: str) -> str:
    """What people call a system.

    >>> label("recent_popularity")
    'Recent popularity'
    """
    return LABELS.get(name, name.replace("_", " ").capitalize())


def build(name: str, config: EvaluationConfig, two_stage: TwoStage, training: pd.DataFrame) -> System:
    """Make one of `names`, a baseline from the training events (under schemas.INTERACTIONS)."""
    if name == INTEGRATED:
        return Integrated(two_stage)
    if name in two_stage.models:
        return Alone(two_stage.models[name])
    return BASELINES[name](training, two_stage.items, config)
