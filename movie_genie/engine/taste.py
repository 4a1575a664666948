"""A viewer's ratings, as the models read them."""

from dataclasses import dataclass

import numpy as np

from movie_genie.engine.catalogue import Catalogue, Items
from movie_genie.engine.records import Ratings
from movie_genie.history import History


@dataclass(slots=True)
class Taste:
    """A history as the engine reads it.

    Attributes
    ----------
    seen : (n,) int64
        Every film of the history, liked or not: none of them is recommended.
    history : History
        The films that were rated, which the models read.
    """

    seen: Items
    history: History


def taste_of(catalogue: Catalogue, ratings: Ratings, asked: int) -> Taste:
    """Ratings by movie_id, oldest first, as arrays by item_idx; films that the catalogue lacks are passed over."""
    item_of = catalogue.item_of.get
    known = [
        (item, stars, rated) for movie_id, stars, rated in ratings if (item := item_of(movie_id)) is not None
    ]
    seen = np.array([item for item, _, _ in known], np.int64)
    rated = [one for one in known if one[1] is not None]
    items, stars, times = zip(*rated, strict=True) if rated else ((), (), ())
    return Taste(
        seen,
        History(
            np.array(items, np.int64) if len(rated) < len(known) else seen,
            np.array(stars, np.float32),
            np.array(times, np.int64),
            asked,
        ),
    )
