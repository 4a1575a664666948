"""The systems that the models must beat: two counts and two closed forms. Nothing is learnt by gradient."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import spotri
from scipy.sparse import csr_matrix

from movie_genie.evaluation.measure import Scores
from movie_genie.evaluation.protocols import Cases


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


class _ClosedForm:
    """What the two closed forms share: they know the films that training rated most, and recommend no other.

    Memory grows with the square of the number of known films: 400 MB a matrix for 10,000 of them.
    """

    def __init__(self, training: pd.DataFrame, items: int, most_items: int) -> None:
        counts = np.bincount(training["item_idx"], minlength=items)
        known = np.argsort(-counts, kind="stable")[: min(most_items, np.count_nonzero(counts))]
        self.known = np.sort(known)
        self.column = np.full(items, -1)
        self.column[self.known] = np.arange(len(self.known))

    def _sparse(
        self, rows: NDArray[np.int64], films: NDArray[np.int64], values: Scores, height: int
    ) -> csr_matrix:
        """Put values at (row, film), leaving out what is not known: (height, known)."""
        columns = self.column[films]
        kept = columns >= 0
        return csr_matrix((values[kept], (rows[kept], columns[kept])), shape=(height, len(self.known)))

    def _spread(self, scores: Scores) -> Scores:
        """From known films to all: (cases, known) -> (cases, items)."""
        everything = np.full((len(scores), len(self.column)), -np.inf, np.float32)
        everything[:, self.known] = scores
        return everything


class Ease(_ClosedForm):
    """A linear autoencoder without self-loops, in closed form (Steck 2019, equation 8).

    With P = (X'X + λI)⁻¹ for the binary matrix X (users, films), the weight from film i to film j is
    -P[i, j] / P[j, j]. Where users are fewer than films, P comes from the users' side by Woodbury's identity,
    P = (I - X'(XX' + λI)⁻¹X) / λ, which inverts a (users, users) matrix.
    """

    def __init__(self, training: pd.DataFrame, items: int, most_items: int, regularisation: float) -> None:
        super().__init__(training, items, most_items)
        users, rows = np.unique(training["user_idx"], return_inverse=True)
        films = training["item_idx"].to_numpy(np.int64)
        self.rated = self._sparse(rows, films, np.ones(len(rows), np.float32), len(users))
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
        rows, films, _ = _latest(cases, len(cases.events))
        histories = self._sparse(rows, films, np.ones(len(rows), np.float32), len(cases))
        if self.from_users:
            product = histories.toarray() - (histories @ self.rated.T).toarray() @ self.core
        else:
            product = histories @ self.core
        return self._spread(-product / self.diagonal)


class SequentialRidge(_ClosedForm):
    """The next film regressed on the latest ones, each weighted by decay^age; a ridge in closed form.

    An example is a training event with the user's events before it: x holds decay^age at each of the `window`
    latest films (age 0 is the latest), y is 1 at the event's film. The weights (X'X + λI)⁻¹X'Y would be
    a (films, films) solve; answering cases needs only x(X'X + λI)⁻¹X'Y, a solve with as many right-hand sides
    as there are cases.

    Both products are summed distance by distance, without X. Two of a user's events `lag` steps apart meet in
    every example after the later one, `left` in number but for the window: their product sums to
    decay^lag (1 + decay² + decay⁴ + …) with min(window - lag, left) terms.
    """

    def __init__(
        self,
        training: pd.DataFrame,
        items: int,
        most_items: int,
        *,
        regularisation: float,
        decay: float,
        window: int,
    ) -> None:
        super().__init__(training, items, most_items)
        self.decay, self.window = decay, window
        films = self.column[training["item_idx"]]
        users = training["user_idx"].to_numpy(np.int64)
        left = np.searchsorted(users, users, side="right") - 1 - np.arange(len(users))  # events to come
        gram = np.zeros((len(self.known), len(self.known)), np.float32)
        self.targets = np.zeros_like(gram)  # X'Y
        for lag in range(window + 1):
            earlier, later = films[: len(films) - lag], films[lag:]
            pairs = (left[: len(films) - lag] >= lag) & (earlier >= 0) & (later >= 0)
            earlier, later, remaining = earlier[pairs], later[pairs], left[lag:][pairs]
            if lag > 0:
                np.add.at(self.targets, (earlier, later), np.float32(decay ** (lag - 1)))
            if lag < window:
                terms = np.minimum(window - lag, remaining)
                sums = decay**lag * (1 - decay ** (2 * terms)) / (1 - decay**2)
                below = np.maximum(earlier, later), np.minimum(earlier, later)
                np.add.at(gram, below, sums.astype(np.float32))
        gram[np.diag_indices_from(gram)] += regularisation
        self.factor = cho_factor(gram.T, lower=False, overwrite_a=True)

    def scores(self, cases: Cases) -> Scores:
        """See System."""
        rows, films, ages = _latest(cases, self.window)
        values = (self.decay**ages).astype(np.float32)
        inputs = self._sparse(rows, films, values, len(cases)).toarray()
        return self._spread(cho_solve(self.factor, inputs.T, overwrite_b=True).T @ self.targets)


def _latest(cases: Cases, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The `most` latest films of each history: case, film and age (0 is the latest) of each, flat."""
    lengths = np.minimum(cases.lengths, most)
    rows = np.repeat(np.arange(len(cases)), lengths)
    ages = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return rows, cases.events[np.repeat(cases.ends, lengths) - 1 - ages], ages
