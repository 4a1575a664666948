"""The rows of a viewer's home page: no film twice, the most fitting row first."""

from collections.abc import Sequence

import numpy as np

from movie_genie.engine.recommender import Recommender
from movie_genie.engine.records import Rated, Recommended, Row, RowKind, Saying

SHORTEST_ROW = 3
"""A row with fewer films is left out."""

LOVED = 4.0
ANCHORS = 2
"""How many loved films get a row "Because you watched …": the latest ones."""

FAVOURITE_GENRES = 2
STRANGERS_GENRES = 3

DIVERSITY = 0.15
"""Of the row "For you": enough that it is not six parts of one series."""

LATEST = 20
"""Films rated this lately are not offered for watching again."""

FRONT = 6
"""A row is judged by the films that are seen without scrolling."""


def home_rows(engine: Recommender, history: Sequence[Saying], limit: int = 20) -> list[Row]:
    """Rows of up to `limit` films for a viewer; no film twice, and none of the history but to watch again.

    A viewer with a taste gets a row of their own, what is like films they loved, their favourite genres,
    popular films they have not seen, little known ones near their taste, and old favourites. The row whose
    first films are nearest to their taste comes first. A stranger gets what is popular, what is little known,
    and the largest genres.

    Parameters
    ----------
    history
        Oldest first; a film that does not interest the viewer has a rating of None.
    """
    if len(engine.taste(history).items) == 0:
        return _rows_of_a_stranger(engine, history, limit)
    shelf = Shelf(engine, history)
    shelf.add("for-you", "for_you", "For you", engine.recommend(history, limit=limit, diversity=DIVERSITY))
    for film in shelf.loved()[:ANCHORS]:
        title = engine.catalogue.movie(film.movie_id).title
        like_it = engine.similar(film.movie_id, limit, exclude=shelf.taken)
        shelf.add(f"because-{film.movie_id}", "because", f"Because you watched {title}", like_it)
    for genre in shelf.favourite_genres():
        best = engine.recommend(history, limit=limit, exclude=shelf.taken, genre=genre)
        shelf.add(f"genre-{genre}", "genre", f"{genre} for you", best)
    shelf.add("popular", "popular", "Popular now", engine.popular(limit, exclude=shelf.taken))
    gems = engine.hidden_gems(history, limit, exclude=shelf.taken)
    shelf.add("hidden-gems", "hidden_gems", "Hidden gems", gems)
    shelf.add("rewatch", "rewatch", "Watch again", shelf.old_favourites()[:limit])
    return shelf.most_fitting_first()


def _rows_of_a_stranger(engine: Recommender, history: Sequence[Saying], limit: int) -> list[Row]:
    shelf = Shelf(engine, history)
    shelf.add("popular", "popular", "Popular now", engine.popular(limit, exclude=shelf.taken))
    gems = engine.hidden_gems(history, limit, exclude=shelf.taken)
    shelf.add("hidden-gems", "hidden_gems", "Hidden gems", gems)
    for count in engine.catalogue.genre_counts()[:STRANGERS_GENRES]:
        popular = engine.popular(limit, genre=count.genre, exclude=shelf.taken)
        shelf.add(f"genre-{count.genre}", "genre", f"Popular in {count.genre}", popular)
    return shelf.rows


class Shelf:
    """The rows so far, and the films that no further row may show."""

    def __init__(self, engine: Recommender, history: Sequence[Saying]) -> None:
        self._engine = engine
        films = [Rated(*said) for said in history]
        self._history = [film for film in films if film.movie_id in engine.catalogue.item_of]
        self.taken = {film.movie_id for film in films}
        self.rows: list[Row] = []

    def add(self, row_id: str, kind: RowKind, title: str, items: list[Recommended]) -> None:
        """Set a row on the shelf, unless it is too short to be one."""
        if len(items) >= SHORTEST_ROW:
            self.taken.update(item.movie_id for item in items)
            self.rows.append(Row(row_id, kind, title, items))

    def loved(self) -> list[Rated]:
        """Films rated highly, the latest first."""
        return [film for film in reversed(self._history) if (film.rating or 0) >= LOVED]

    def favourite_genres(self) -> list[str]:
        """The genres that the viewer's liked films stand out by."""
        rated = [film for film in self._history if film.rating is not None]
        return self._engine.catalogue.favourite_genres(
            self._engine.items(film.movie_id for film in rated),
            np.array([film.rating for film in rated], np.float64),
            FAVOURITE_GENRES,
        )

    def old_favourites(self) -> list[Recommended]:
        """Loved films not rated lately: the best rated first, among equals the longest ago."""
        old = [film for film in self._history[:-LATEST] if (film.rating or 0) >= LOVED]
        old.sort(key=lambda film: -(film.rating or 0))  # stable: the history is oldest first
        return [Recommended(film.movie_id, film.rating or 0, []) for film in old]

    def most_fitting_first(self) -> list[Row]:
        """The rows by the mean affinity of the films in front, the highest first."""
        affinity = self._engine.affinity(self._engine.taste(self._history))

        def fit(row: Row) -> float:
            front = self._engine.items(item.movie_id for item in row.items[:FRONT])
            return float(affinity[front].mean())

        return sorted(self.rows, key=fit, reverse=True)
