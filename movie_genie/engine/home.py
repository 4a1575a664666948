"""The rows of a viewer's home page: no film twice, the most fitting row first."""

import numpy as np

from movie_genie.engine.recommender import Recommender
from movie_genie.engine.records import Rating, Ratings, Recommended, Row, RowKind

MIN_ROW = 3
"""A row with fewer films is left out."""

LOVED = 4.0
ANCHORS = 2
"""How many loved films get a row "Because you watched …": the latest ones."""

FAVOURITE_GENRES = 2
NEW_VIEWER_GENRES = 3

DIVERSITY = 0.15
"""Of the row "For you": enough that it is not six parts of one series."""

LATEST = 20
"""So many of the newest ratings are not offered for watching again."""

IN_VIEW = 6
"""A row's place is decided by the films that are seen without scrolling."""


def home_rows(engine: Recommender, history: Ratings, limit: int = 20) -> list[Row]:
    """Rows of up to `limit` films for a viewer; no film twice, and none of the history but to watch again.

    A viewer with a taste gets a row of their own, what is like films they loved, their favourite genres,
    popular films they have not seen, little known ones near their taste, and old favourites. The row whose
    first films are nearest to their taste comes first. A new viewer gets what is popular, what is little known,
    and the largest genres.

    Parameters
    ----------
    history
        Oldest first; a film that does not interest the viewer has a rating of None.
    """
    if len(engine.taste(history).history.liked) == 0:
        return _rows_for_new_viewer(engine, history, limit)
    page = HomePage(engine, history)
    page.add("for-you", "for_you", "For you", engine.recommend(history, limit=limit, diversity=DIVERSITY))
    for film in page.loved()[:ANCHORS]:
        title = engine.catalogue.movie(film.movie_id).title
        like_it = engine.similar(film.movie_id, limit, exclude=page.taken)
        page.add(f"because-{film.movie_id}", "because", f"Because you watched {title}", like_it)
    for genre in page.favourite_genres():
        best = engine.recommend(history, limit=limit, exclude=page.taken, genre=genre)
        page.add(f"genre-{genre}", "genre", f"{genre} for you", best)
    page.add("popular", "popular", "Popular now", engine.popular(limit, exclude=page.taken))
    gems = engine.hidden_gems(history, limit, exclude=page.taken)
    page.add("hidden-gems", "hidden_gems", "Hidden gems", gems)
    page.predict_ratings()
    page.add("rewatch", "rewatch", "Watch again", page.old_favourites()[:limit])
    return page.most_fitting_first()


def _rows_for_new_viewer(engine: Recommender, history: Ratings, limit: int) -> list[Row]:
    page = HomePage(engine, history)
    page.add("popular", "popular", "Popular now", engine.popular(limit, exclude=page.taken))
    gems = engine.hidden_gems(history, limit, exclude=page.taken)
    page.add("hidden-gems", "hidden_gems", "Hidden gems", gems)
    for count in engine.catalogue.genre_counts()[:NEW_VIEWER_GENRES]:
        popular = engine.popular(limit, genre=count.genre, exclude=page.taken)
        page.add(f"genre-{count.genre}", "genre", f"Popular in {count.genre}", popular)
    page.predict_ratings()
    return page.rows


class HomePage:
    """The rows so far, and the films that no further row may show."""

    def __init__(self, engine: Recommender, history: Ratings) -> None:
        self._engine = engine
        films = [Rating(*fields) for fields in history]
        self._history = [film for film in films if film.movie_id in engine.catalogue.item_of]
        self.taken = {film.movie_id for film in films}
        self.rows: list[Row] = []

    def add(self, row_id: str, kind: RowKind, title: str, items: list[Recommended]) -> None:
        """Add a row, unless it is too short."""
        if len(items) >= MIN_ROW:
            self.taken.update(item.movie_id for item in items)
            self.rows.append(Row(row_id, kind, title, items))

    def predict_ratings(self) -> None:
        """Say of each film so far what the viewer will give it: all in one question."""
        films = [film for row in self.rows for film in row.items if film.predicted_rating is None]
        stars = self._engine.predicted_rating(self._history, [film.movie_id for film in films])
        for film, predicted in zip(films, stars, strict=True):
            film.predicted_rating = predicted

    def loved(self) -> list[Rating]:
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
        """The rows by the mean affinity of the films in view, the highest first."""
        affinity = self._engine.affinity(self._engine.taste(self._history))

        def fit(row: Row) -> float:
            in_view = self._engine.items(item.movie_id for item in row.items[:IN_VIEW])
            return float(affinity[in_view].mean())

        return sorted(self.rows, key=fit, reverse=True)
