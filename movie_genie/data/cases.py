"""From the split's column to cases: one held-out film a user, and the history that was known before it."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movie_genie.data.schemas import TRAIN
from movie_genie.history import History

CASES_PER_USER = 20
"""Most cases of one user, in validation and in test; only the temporal split has users with more than one."""


@dataclass(frozen=True)
class Cases:
    """Held-out films; their histories are slices of one array of events, so that none is copied.

    Attributes
    ----------
    users, targets : (cases,) int64
        Whose case it is, and the film (item_idx) to be found.
    timestamps : (cases,) int64
        When the target was rated, in seconds since 1970: the moment of the question.
    stars : (cases,) float32
        How the target was rated.
    events : History
        Every user's films, user by user, oldest first.
    starts, ends : (cases,) int64
        A case's history is ``events[start:end]``, which is all that a system may know.
    seen_from : (cases,) int64
        ``events[seen_from:end]`` were rated before the question, known to the system or not: they cannot be
        the answer.
    """

    users: NDArray[np.int64]
    targets: NDArray[np.int64]
    timestamps: NDArray[np.int64]
    stars: NDArray[np.float32]
    events: History
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    seen_from: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.users)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many films each history holds: (cases,)."""
        return self.ends - self.starts

    def history(self, case: int) -> History:
        """What is known when one case is asked."""
        return self.events.part(self.starts[case], self.ends[case], int(self.timestamps[case]))

    def histories(self) -> list[History]:
        """Every case's history; views of one set of arrays."""
        return [self.history(case) for case in range(len(self))]

    def all_seen(self) -> list[NDArray[np.int64]]:
        """Every case's films that must not be recommended; views of one array."""
        return [self.seen(case) for case in range(len(self))]

    def seen(self, case: int) -> NDArray[np.int64]:
        """Films that must not be recommended in one case."""
        return self.events.items[self.seen_from[case] : self.ends[case]]

    def cut(self, latest: int) -> "Cases":
        """Give the same questions to systems that know the `latest` films only: users as newcomers.

        What the user rated earlier stays excluded. So the lists differ only in what was known.
        """
        return replace(self, starts=np.maximum(self.starts, self.ends - latest))

    def take(self, chosen: NDArray[np.int64] | slice) -> "Cases":
        """Give some of the cases, in the order of `chosen`."""
        return Cases(
            self.users[chosen],
            self.targets[chosen],
            self.timestamps[chosen],
            self.stars[chosen],
            self.events,
            self.starts[chosen],
            self.ends[chosen],
            self.seen_from[chosen],
        )

    def sample(self, most: int, seed: int) -> "Cases":
        """Give at most `most` cases, drawn without replacement and kept in order."""
        if len(self) <= most:
            return self
        chosen = np.random.default_rng(seed).choice(len(self), most, replace=False)
        return self.take(np.sort(chosen))


def held_out(interactions: pd.DataFrame, protocol: str, part: int, per_user: int = CASES_PER_USER) -> Cases:
    """Cases of one part of a split: events to be found from what their user rated before them.

    Under ``leave_one_out`` a user has one such event. Under ``temporal`` a user may have hundreds within the
    part's window of time; `per_user` of them are asked, evenly spread and the last among them, each from the
    whole history up to then (the successive targets of Gusak et al. 2025, thinned). Events that nothing came
    before are no cases.

    Parameters
    ----------
    interactions : data frame under schemas.INTERACTIONS
        Sorted by user_idx and position.
    protocol : str
        Name of the split's column.
    part : int
        schemas.VALIDATION or schemas.TEST.
    per_user : int
        Most cases of one user.
    """
    users = interactions["user_idx"].to_numpy(np.int64)
    (rows,) = np.nonzero(interactions[protocol].to_numpy() == part)
    first = np.searchsorted(users, users[rows])
    rows, first = rows[rows > first], first[rows > first]
    asked = _spread(users[rows], per_user)
    rows, first = rows[asked], first[asked]
    events = events_of(interactions)
    targets = events.items[rows], events.times[rows], events.stars[rows]
    return Cases(users[rows], *targets, events, first, rows, first)


def events_of(interactions: pd.DataFrame) -> History:
    """Interactions as one long history, whose parts are the users' own; asked at its end."""
    times = interactions["timestamp"].to_numpy(np.int64)
    return History(
        interactions["item_idx"].to_numpy(np.int64),
        interactions["rating"].to_numpy(np.float32),
        times,
        int(times[-1]) if len(times) else 0,
    )


def training_sequences(interactions: pd.DataFrame, protocol: str) -> list[History]:
    """`training_events` user by user; each is asked when their last event happened."""
    training = training_events(interactions, protocol)
    events = events_of(training)
    first = np.flatnonzero(np.diff(training["user_idx"].to_numpy(), prepend=-1))
    return [
        events.part(start, end, int(events.times[end - 1]))
        for start, end in pairwise([*first.tolist(), len(events)])
    ]


def _spread(users: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
    """Choose `most` rows of each user (all, where there are fewer), evenly spread, always the last one.

    Row j of a user's n is chosen where the count ⌊(j+1) most/n⌋ rises.
    """
    first = np.searchsorted(users, users)
    number = np.searchsorted(users, users, side="right") - first
    place = np.arange(len(users)) - first
    return (place + 1) * most // number > place * most // number


def training_events(interactions: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Events that a protocol's systems may learn from, still sorted by user_idx and position."""
    return interactions[interactions[protocol] == TRAIN]
