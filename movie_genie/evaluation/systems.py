"""Every system that is measured, by its name in metrics and plots."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from movie_genie.config import EvaluationConfig
from movie_genie.data.cases import Cases, training_events
from movie_genie.evaluation.baselines import Popularity, RecentPopularity
from movie_genie.evaluation.measure import Scores, System
from movie_genie.inference.models import Model
from movie_genie.inference.two_stage import TwoStage

INTEGRATED = "integrated"
"""The system that viewers get: all sources and rankers together."""

Baseline = Callable[[pd.DataFrame, str, int], System]
"""From split ratings (under schemas.INTERACTIONS), the protocol's name and the vocabulary's size."""

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
        return self.model.scores(self.model.read(cases.histories()))


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


def baselines(config: EvaluationConfig) -> dict[str, Baseline]:
    """Every baseline by its name; `popularity_7_days` is the recent popularity of 7 days."""

    def recent(days: int) -> Baseline:
        return lambda ratings, protocol, items: RecentPopularity(ratings, items, days)

    return {
        **{f"popularity_{days}_days": recent(days) for days in config.recent_popularity_days},
        "popularity": lambda ratings, protocol, items: Popularity(training_events(ratings, protocol), items),
    }


def names(config: EvaluationConfig) -> list[str]:
    """Every system's name: what is served, then its parts alone, then the baselines."""
    return [INTEGRATED, *config.models, *baselines(config)]


def label(name: str) -> str:
    """What people call a system.

    >>> label("popularity_7_days")
    'Popularity 7 days'
    """
    return LABELS.get(name, name.replace("_", " ").capitalize())


def build(
    name: str, config: EvaluationConfig, two_stage: TwoStage, ratings: pd.DataFrame, protocol: str
) -> System:
    """Make one of `names`, a baseline from the split ratings (under schemas.INTERACTIONS)."""
    if name == INTEGRATED:
        return Integrated(two_stage)
    if name in two_stage.models:
        return Alone(two_stage.models[name])
    return baselines(config)[name](ratings, protocol, two_stage.items)
