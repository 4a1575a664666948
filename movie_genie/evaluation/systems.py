"""Every system that is measured, by its name in metrics and plots."""

import pandas as pd

from movie_genie.config import EvaluationConfig
from movie_genie.evaluation.baselines import Ease, Popularity, RecentPopularity, SequentialRidge
from movie_genie.evaluation.measure import System
from movie_genie.evaluation.models import Alone, Together
from movie_genie.ranking.two_stage import TwoStage

SYSTEMS = {
    "integrated": "Two stages together",
    "two_tower": "Two-tower alone",
    "bert4rec": "BERT4Rec alone",
    "sequential_ridge": "Sequential ridge",
    "ease": "EASE",
    "recent_popularity": "Recent popularity",
    "popularity": "Popularity",
}
"""Name -> what people call it; the first one is what viewers get."""


def build(name: str, config: EvaluationConfig, two_stage: TwoStage, training: pd.DataFrame) -> System:
    """Make one of SYSTEMS, a baseline from the training events (under schemas.INTERACTIONS)."""
    items = two_stage.items
    match name:
        case "integrated":
            return Together(two_stage)
        case "two_tower":
            return Alone(two_stage.two_tower)
        case "bert4rec":
            return Alone(two_stage.bert4rec)
        case _:
            return baseline(name, config, training, items)


def baseline(name: str, config: EvaluationConfig, training: pd.DataFrame, items: int) -> System:
    """Make a system that needs no trained model."""
    match name:
        case "popularity":
            return Popularity(training, items)
        case "recent_popularity":
            return RecentPopularity(training, items, config.recent_popularity_days)
        case "ease":
            return Ease(training, items, config.closed_form_films, config.ease_lambda)
        case "sequential_ridge":
            return SequentialRidge(
                training,
                items,
                config.closed_form_films,
                regularisation=config.ridge_lambda,
                decay=config.ridge_decay,
                window=config.ridge_window,
            )
        case _:
            raise ValueError(f"no system is called {name}")
