"""How far predicted ratings are off, and what is known of a rating without a trained model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from movie_genie.data.cases import Cases
from movie_genie.data.star_biases import offset, usual_stars
from movie_genie.evaluation.measure import CASES_AT_ONCE, by_user
from movie_genie.history import HIGHEST, LOWEST, History
from movie_genie.inference.two_stage import TwoStage

Stars = NDArray[np.float32]

PREDICTED, BIAS = "predicted_rating", "bias_rating"
"""What the served model says, and user + film bias."""

ERRORS = ("mae", "rmse")


def errors(predicted: Stars, cases: Cases) -> dict[str, float]:
    """Mean absolute error and root mean squared error of the targets' stars; each user counts the same."""
    off = predicted.astype(np.float64) - cases.stars
    absolute, squared = (float(by_user(cases.users, own).mean()) for own in (np.abs(off), off**2))
    return dict(zip(ERRORS, (absolute, squared**0.5), strict=True))


def served(two_stage: TwoStage, cases: Cases) -> Stars | None:
    """The stars that the served model predicts for each case's target: (cases,); None where no model predicts any."""
    if two_stage.predictor is None:
        return None
    model = two_stage.predictor.model
    found = []
    for first in range(0, len(cases), CASES_AT_ONCE):
        batch = cases.take(slice(first, first + CASES_AT_ONCE))
        reads = model.read(batch.histories())
        found += [model.stars(read, batch.targets[[case]]) for case, read in enumerate(reads)]
    return np.concatenate(found)


class Biases:
    """User + film bias: what a film usually gets, and what the viewer gives beyond that."""

    def __init__(self, training: Sequence[History], items: int) -> None:
        self.usual = usual_stars(training, items)

    def predict(self, cases: Cases) -> Stars:
        """(cases,) stars of the targets."""
        beyond = [offset(history, self.usual) for history in cases.histories()]
        found: Stars = np.clip(self.usual[cases.targets] + beyond, LOWEST, HIGHEST).astype(np.float32)
        return found
