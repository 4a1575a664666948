"""How far predicted ratings are off, and what is known of a rating without a trained model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from movie_genie.data.cases import Cases
from movie_genie.data.star_biases import offset, usual_stars
from movie_genie.evaluation.measure import CASES_AT_ONCE
from movie_genie.history import HIGHEST, LOWEST, History
from movie_genie.inference.two_stage import TwoStage

Stars = NDArray[np.float32]

PREDICTED, BIAS = "predicted_rating", "bias_rating"
"""What the served model says, and user + film bias."""

ERRORS = ("mae", "rmse")


def errors(predicted: Stars, given: Stars) -> dict[str, float]:
    """Mean absolute error and root mean squared error, in stars."""
    off = predicted.astype(np.float64) - given
    return dict(zip(ERRORS, (float(np.abs(off).mean()), float(np.sqrt((off**2).mean()))), strict=True))


def served(two_stage: TwoStage, cases: Cases) -> Stars | None:
    """The stars that the served model predicts for each case's target: (cases,); None where no model predicts any."""
    if two_stage.predictor is None:
        return None
    model = two_stage.models[two_stage.predictor]
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


class Neighbours:
    """Biases, and what is left of the viewer's ratings of similar films (Koren 2010, section 2.2.1).

    Similar are films whose raters deviate alike from what the biases say: the cosine, shrunken where few rated both.
    """

    SHRINKAGE = 10.0
    NEIGHBOURS = 30

    def __init__(self, training: Sequence[History], items: int) -> None:
        self.biases = Biases(training, items)
        usual = self.biases.usual
        left = [own.stars - usual[own.items] - offset(own, usual) for own in training]
        users = np.repeat(np.arange(len(training)), [len(own) for own in training])
        films = np.concatenate([own.items for own in training])
        self.left = csr_matrix((np.concatenate(left), (films, users)), (items, len(training)))
        self.squares = np.asarray(self.left.multiply(self.left).sum(1)).ravel()

    def predict(self, cases: Cases) -> Stars:
        """(cases,) stars of the targets."""
        usual = self.biases.usual
        found = self.biases.predict(cases)
        for case, history in enumerate(cases.histories()):
            target = cases.targets[case]
            common = (self.left[history.items] @ self.left[[target]].T).toarray().ravel()
            scale = np.sqrt(self.squares[history.items] * self.squares[target]) + self.SHRINKAGE
            similar = np.maximum(common / scale, 0)
            near = np.argsort(-similar, kind="stable")[: self.NEIGHBOURS]
            if (total := similar[near].sum()) > 0:
                left = history.stars[near] - usual[history.items[near]] - offset(history, usual)
                found[case] += float(similar[near] @ left) / (total + 1)
        within: Stars = np.clip(found, LOWEST, HIGHEST)
        return within
