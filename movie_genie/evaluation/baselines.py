"""The systems that the models must beat and that are no source themselves: counts, which know no history."""

import numpy as np
import pandas as pd

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
