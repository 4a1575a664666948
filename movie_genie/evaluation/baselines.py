"""The systems that the models must beat: two counts and a closed form. Nothing is learnt by gradient."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import spotri
from scipy.sparse import csr_matrix

from movie_genie.data.cases import Cases
from movie_genie.evaluation.measure import Scores


class Popularity:
    """How many users rated a film in training; the same list for everybody."""

    def __init__(self, training: pd.DataFrame, items: int) -> None:
        self.counts = np.bincount(training["item_idx"], minlength=items).astype(np.float32)

    def scores(self, cases: Cases) -> Scores:
        """See System."""
        return np.tile(self.counts, (len(cases), 1))


class RecentPopularity:
    """How many users rated a film in the days before the question (Ji et al. 2020, "RecentPop").

    Where training ended before the question, the days before training's end are counted.
    """

    def __init__(self, training: pd.DataFrame, items: int, days: float) -> None:
        order = np.argsort(training["timestamp"].to_numpy(), kind="stable")
        self.times = training["timestamp"].to_numpy(np.int64)[order]
        self.films = training["item_idx"].to_numpy(np.int64)[order]
        self.items = items
        self.window = int(days * 86_400)

    def scores(self, cases: Cases) -> Scores:
        """See System."""
        now = np.minimum(cases.timestamps, self.times[-1] + 1)
        first = np.searchsorted(self.times, now - self.window)
        after = np.searchsorted(self.times, now)
        scores = np.empty((len(cases), self.items), np.float32)
        for case, (begin, end) in enumerate(zip(first, after, strict=True)):
            scores[case] = np.bincount(self.films[begin:end], minlength=self.items)
        return scores


class Ease:
    """A linear autoencoder without self-loops, in closed form (Steck 2019, equation 8).

    With P = (X'X + λI)⁻¹ for the binary matrix X (users, films), the weight from film i to film j is
    -P[i, j] / P[j, j]. Where users are fewer than films, P comes from the users' side by Woodbury's identity,
    P = (I - X'(XX' + λI)⁻¹X) / λ, which inverts a (users, users) matrix.

    Only the films that training rated most are known, and recommended: a matrix of 10,000 of them takes 400 MB.
    """

    def __init__(self, training: pd.DataFrame, items: int, most_items: int, regularisation: float) -> None:
        counts = np.bincount(training["item_idx"], minlength=items)
        known = np.argsort(-counts, kind="stable")[: min(most_items, np.count_nonzero(counts))]
        self.known = np.sort(known)
        self.column = np.full(items, -1)
        self.column[self.known] = np.arange(len(self.known))
        users, rows = np.unique(training["user_idx"], return_inverse=True)
        films = training["item_idx"].to_numpy(np.int64)
        self.rated = self._sparse(rows, films, len(users))
        self.from_users = len(users) < len(self.known)
        gram = (self.rated @ self.rated.T if self.from_users else self.rated.T @ self.rated).toarray()
        gram[np.diag_indices_from(gram)] += regularisation
        factor, _ = cho_factor(gram.T, lower=True, overwrite_a=True)
        if self.from_users:
            self.core = cho_solve((factor, True), self.rated.toarray())  # (XX' + λI)⁻¹X
            self.diagonal = 1 - np.asarray(self.rated.multiply(self.core).sum(axis=0)).ravel()  # of λP
        else:
            self.core, _ = spotri(factor, lower=1, overwrite_c=1)  # P, in the lower triangle
            np.copyto(self.core, self.core.T, where=np.tri(len(self.core), k=-1, dtype=bool).T)
            self.diagonal = np.diagonal(self.core)

    def scores(self, cases: Cases) -> Scores:
        """See System."""
        rows = np.repeat(np.arange(len(cases)), cases.lengths)
        histories = self._sparse(rows, np.concatenate(cases.histories()), len(cases))
        if self.from_users:
            product = histories.toarray() - (histories @ self.rated.T).toarray() @ self.core
        else:
            product = histories @ self.core
        scores = np.full((len(cases), len(self.column)), -np.inf, np.float32)
        scores[:, self.known] = -product / self.diagonal
        return scores

    def _sparse(self, rows: NDArray[np.int64], films: NDArray[np.int64], height: int) -> csr_matrix:
        """Put ones at (row, film), leaving out what is not known: (height, known)."""
        columns = self.column[films]
        kept = columns >= 0
        ones = np.ones(int(kept.sum()), np.float32)
        return csr_matrix((ones, (rows[kept], columns[kept])), shape=(height, len(self.known)))
