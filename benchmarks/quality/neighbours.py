"""What a viewer's ratings of similar films say of one more: beside predicted ratings, for comparison only."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from movie_genie.data.cases import Cases
from movie_genie.data.star_biases import offset
from movie_genie.evaluation.predicted_ratings import Biases, Stars
from movie_genie.history import HIGHEST, LOWEST, History


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
