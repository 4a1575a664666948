"""The systems that the models must beat: counts and a closed form. Nothing is learnt by gradient."""

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

    All ratings before the question's own second count, other users' held-out ones too: whoever is asked then knows
    them, and counting takes no training. The models do not know them. On a split by time, training may end years
    before a question; counted from there, the latest week says nothing, and a model would beat it for nothing.

    Films that nobody rated in these days are ties: with few users a short window tells little.

    Parameters
    ----------
    ratings : data frame under schemas.INTERACTIONS
        Of all parts of the split.
    """

    def __init__(self, ratings: pd.DataFrame, items: int, days: int) -> None:
        order = np.argsort(ratings["timestamp"].to_numpy(), kind="stable")
        self.times = ratings["timestamp"].to_numpy(np.int64)[order]
        self.films = ratings["item_idx"].to_numpy(np.int64)[order]
        self.items = items
        self.window = days * 86_400

    def scores(self, cases: Cases) -> Scores:
        """See System."""
        first = np.searchsorted(self.times, cases.timestamps - self.window)
        after = np.searchsorted(self.times, cases.timestamps)
        scores = np.empty((len(cases), self.items), np.float32)
        counts = np.zeros(self.items, np.int64)
        begin = end = 0
        # From one question to the next in time, a few ratings come in and a few fall out.
        for case in np.argsort(cases.timestamps, kind="stable"):
            counts += np.bincount(self.films[end : after[case]], minlength=self.items)
            counts -= np.bincount(self.films[begin : first[case]], minlength=self.items)
            begin, end = first[case], after[case]
            scores[case] = counts
        return scores


COUNTS = (Popularity, RecentPopularity)
"""Systems that read no history: what is known of a user changes nothing."""


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
