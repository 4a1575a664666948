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
    ids, given, rated = zip(*ratings, strict=True) if ratings else ((), (), ())
    seen = catalogue.items(ids)
    # "Not interested" is no number, and so becomes nan.
    items, stars, times = seen, np.array(given, np.float32), np.array(rated, np.int64)
    kept = (seen >= 0) & ~np.isnan(stars)
    if not kept.all():
        items, stars, times = items[kept], stars[kept], times[kept]
        seen = seen[seen >= 0]
    return Taste(seen, History(items, stars, times, asked))
