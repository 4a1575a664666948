"""A viewer's history as models read it: films, how they were rated and when, and the moment of the question."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

LIKED = 3.0
"""Stars from which on a film speaks for its viewer's taste."""

NOT_HATED = 2.0
"""Stars from which on a film still says what its viewer chooses to watch."""

KNOWN_BY = 10
"""Liked films from which on a viewer's taste is known, so that a film they hardly liked does not turn it."""

LOWEST, HIGHEST = 0.5, 5.0
"""The stars that there are."""


@dataclass(frozen=True, eq=False)
class History:
    """Films that one viewer rated, oldest first; there may be none.

    A model that does not know how a film was rated reads `in_favour` only: otherwise one hated film would bring more
    of its like.
    """

    items: NDArray[np.int64]
    """(films,) item_idx"""
    stars: NDArray[np.float32]
    """(films,)"""
    times: NDArray[np.int64]
    """(films,) when each was rated, in seconds since 1970."""
    asked: int
    """When the question is asked, on the same clock."""

    def __len__(self) -> int:
        """Number of films."""
        return len(self.items)

    @property
    def ages(self) -> NDArray[np.int64]:
        """Seconds from each rating to the question: (films,), at least 0."""
        ages: NDArray[np.int64] = np.maximum(self.asked - self.times, 0)
        return ages

    @property
    def liked(self) -> "History":
        """The films rated 3 stars or more."""
        return self if self._all_liked else self._liked

    @cached_property
    def _all_liked(self) -> bool:
        return bool((self.stars >= LIKED).all())

    @cached_property
    def _liked(self) -> "History":
        return self.taken(self.stars >= LIKED)

    @property
    def in_favour(self) -> "History":
        """The films that count in favour of their like; all the liked ones are among them.

        What people choose to watch says more than how they liked it (docs/experiments.md). So of a viewer who liked
        KNOWN_BY films or more, it is all that they did not hate; of a newcomer, what they liked.
        """
        return self if self._all_liked else self._in_favour

    @cached_property
    def favoured(self) -> NDArray[np.bool_]:
        """(films,) which of them are `in_favour`."""
        liked = self.stars >= LIKED
        return self.stars >= NOT_HATED if np.count_nonzero(liked) >= KNOWN_BY else liked

    @cached_property
    def _in_favour(self) -> "History":
        return self.taken(self.favoured)

    def latest(self, films: int) -> "History":
        """The newest films only, at most so many."""
        return self if len(self) <= films else self.part(len(self) - films, len(self))

    def part(self, start: int, end: int, asked: int | None = None) -> "History":
        """The films from one place to before another, perhaps of another question; views, not copies."""
        asked = self.asked if asked is None else asked
        return History(self.items[start:end], self.stars[start:end], self.times[start:end], asked)

    def taken(self, kept: NDArray[np.bool_]) -> "History":
        """The films where `kept` (films,) is true."""
        if kept.all():
            return self
        return History(self.items[kept], self.stars[kept], self.times[kept], self.asked)
