"""The data set's users, to look at and to try recommendations with; their ratings stay in a memory map."""

from pathlib import Path

import numpy as np

from movie_genie.engine.catalogue import Catalogue, column, map_table
from movie_genie.engine.records import Persona, Rating, UnknownPersonaError
from movie_genie.engine.schemas import PERSONA_RATINGS, PERSONAS

FILE = "personas.arrow"
RATINGS_FILE = "persona_ratings.arrow"
FAVOURITES = 3


class Personas:
    """Users of the data set by id, each with a history."""

    def __init__(self, release: Path, catalogue: Catalogue) -> None:
        people = map_table(release / FILE, PERSONAS)
        ratings = map_table(release / RATINGS_FILE, PERSONA_RATINGS)
        self._catalogue = catalogue
        self._ids = column(people, "user_id")
        self._first = column(people, "first")
        self._counts = column(people, "ratings_count")
        self._means = column(people, "average_rating")
        self._items = column(ratings, "item_idx")
        self._stars = column(ratings, "rating")
        self._times = column(ratings, "timestamp")

    def __len__(self) -> int:
        return len(self._ids)

    def page(self, page: int, per_page: int) -> list[Persona]:
        """Personas in the order of their ids; `page` counts from 1, one past the end is empty."""
        start = (page - 1) * per_page
        return [self._persona(row) for row in range(start, min(start + per_page, len(self)))]

    def get(self, persona_id: int) -> Persona:
        """One persona.

        Raises
        ------
        UnknownPersonaError
        """
        return self._persona(self._row(persona_id))

    def history(self, persona_id: int) -> list[Rating]:
        """What the persona rated, oldest first.

        Raises
        ------
        UnknownPersonaError
        """
        span = self._span(self._row(persona_id))
        movies = self._catalogue.movie_ids[self._items[span]].tolist()
        return list(map(Rating, movies, self._stars[span].tolist(), self._times[span].tolist()))

    def _row(self, persona_id: int) -> int:
        row = int(np.searchsorted(self._ids, persona_id))
        if row == len(self._ids) or self._ids[row] != persona_id:
            raise UnknownPersonaError(persona_id)
        return row

    def _span(self, row: int) -> slice:
        first = int(self._first[row])
        return slice(first, first + int(self._counts[row]))

    def _persona(self, row: int) -> Persona:
        span = self._span(row)
        items, stars = self._items[span].astype(np.int64), self._stars[span].astype(np.float64)
        return Persona(
            persona_id=int(self._ids[row]),
            ratings_count=int(self._counts[row]),
            average_rating=float(self._means[row]),
            favourite_genres=self._catalogue.favourite_genres(items, stars, FAVOURITES),
        )
