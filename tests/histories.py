"""Histories of viewers, made of films' numbers."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from movie_genie.history import History


def watched(
    *items: int,
    stars: float | Sequence[float] = 5.0,
    times: Sequence[int] | None = None,
    asked: int | None = None,
) -> History:
    """A viewer who rated these films, oldest first: all alike or each with its own stars, one a second from 0 on.

    The question is asked when the newest was rated, where no other moment is given.
    """
    when = np.array(range(len(items)) if times is None else times, np.int64)
    given = np.broadcast_to(np.asarray(stars, np.float32), len(items)).copy()
    if asked is None:
        asked = int(when[-1]) if len(when) else 0
    return History(np.array(items, np.int64), given, when, asked)


@st.composite
def rated(draw: st.DrawFn, films: int, longest: int) -> History:
    """Any history of so many films: some liked, some not, at any times."""
    items = draw(st.lists(st.integers(0, films - 1), max_size=longest))
    each = {"min_size": len(items), "max_size": len(items)}
    stars = draw(st.lists(st.sampled_from([0.5, 2.5, 3.0, 5.0]), **each))
    times = sorted(draw(st.lists(st.integers(0, 10**9), **each)))
    return watched(*items, stars=stars, times=times, asked=10**9)
