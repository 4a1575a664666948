"""Viewers' ratings and watchlists. Read at request time, never cached."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

from sqlalchemy import Connection, bindparam, delete, func, select

from movie_genie.backend.clock import now
from movie_genie.backend.database import Database
from movie_genie.backend.tables import ratings, watchlist
from movie_genie.engine.records import Ratings

_COLUMNS = (ratings.c.movie_id, ratings.c.rating, ratings.c.rated_at)
_OF_VIEWER = ratings.c.viewer_id == bindparam("viewer_id")
_HISTORY = (
    select(ratings.c.movie_id, ratings.c.rating, ratings.c.rated_at // 1000)
    .where(_OF_VIEWER)
    .order_by(ratings.c.rated_at, ratings.c.movie_id)
)
_NEWEST = select(*_COLUMNS).where(_OF_VIEWER).order_by(ratings.c.rated_at.desc(), ratings.c.movie_id.desc())


@dataclass(frozen=True, slots=True)
class StoredRating:
    """A rating as the database keeps it: stars, or None for "not interested"; milliseconds since 1970."""

    movie_id: int
    rating: float | None
    rated_at: int


class Feedback:
    """Ratings and watchlists; every method takes the viewer's id, and none reaches another's rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def history(self, viewer_id: int) -> Ratings:
        """Return a viewer's ratings, oldest first, as the engine takes them."""
        # cast: the query selects these three columns
        return cast(Ratings, self._database.rows(_HISTORY, viewer_id=viewer_id))

    def ratings_count(self, viewer_id: int) -> int:
        """Return how many films a viewer rated, "not interested" included."""
        query = select(func.count()).select_from(ratings).where(ratings.c.viewer_id == viewer_id)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def ratings(self, viewer_id: int, page: int, per_page: int) -> list[StoredRating]:
        """Return a page of a viewer's ratings, newest first; `page` counts from 1."""
        query = _NEWEST.limit(per_page).offset((page - 1) * per_page)
        with self._database.read() as connection:
            return [StoredRating(*row) for row in connection.execute(query, {"viewer_id": viewer_id})]

    def all_ratings(self, viewer_id: int) -> list[StoredRating]:
        """Return all of a viewer's ratings, newest first."""
        with self._database.read() as connection:
            return [StoredRating(*row) for row in connection.execute(_NEWEST, {"viewer_id": viewer_id})]

    def rating(self, viewer_id: int, movie_id: int) -> StoredRating | None:
        """Return a viewer's rating of one film."""
        query = select(*_COLUMNS).where(_OF_VIEWER, ratings.c.movie_id == movie_id)
        with self._database.read() as connection:
            row = connection.execute(query, {"viewer_id": viewer_id}).first()
        return StoredRating(*row) if row else None

    def rate(self, viewer_id: int, movie_id: int, stars: float | None) -> StoredRating:
        """Keep a rating in place of the film's earlier one."""
        rating = StoredRating(movie_id, stars, now())
        with self._database.write() as connection:
            self._keep(connection, viewer_id, [rating])
        return rating

    def rate_many(self, viewer_id: int, given: Sequence[StoredRating]) -> int:
        """Keep many ratings, all or none, but no older one in place of a newer; return how many were kept."""
        query = select(ratings.c.movie_id, ratings.c.rated_at).where(ratings.c.viewer_id == viewer_id)
        with self._database.write() as connection:
            present = {movie_id: at for movie_id, at in connection.execute(query)}
            newer = [rating for rating in given if rating.rated_at > present.get(rating.movie_id, -1)]
            if newer:
                self._keep(connection, viewer_id, newer)
        return len(newer)

    def unrate(self, viewer_id: int, movie_id: int) -> None:
        """Remove a rating; nothing happens where there is none."""
        mine = ratings.c.viewer_id == viewer_id
        with self._database.write() as connection:
            connection.execute(delete(ratings).where(mine, ratings.c.movie_id == movie_id))

    def _keep(self, connection: Connection, viewer_id: int, given: Sequence[StoredRating]) -> None:
        statement = self._database.insert(ratings)
        new = statement.excluded
        upsert = statement.on_conflict_do_update(
            index_elements=["viewer_id", "movie_id"],
            set_={"rating": new.rating, "rated_at": new.rated_at},
        )
        connection.execute(upsert, [{"viewer_id": viewer_id, **asdict(rating)} for rating in given])

    def watchlist(self, viewer_id: int) -> list[tuple[int, int]]:
        """Return (movie_id, added_at) of a viewer's watchlist, newest first."""
        query = (
            select(watchlist.c.movie_id, watchlist.c.added_at)
            .where(watchlist.c.viewer_id == viewer_id)
            .order_by(watchlist.c.added_at.desc(), watchlist.c.movie_id.desc())
        )
        with self._database.read() as connection:
            return [(movie_id, added_at) for movie_id, added_at in connection.execute(query)]

    def in_watchlist(self, viewer_id: int, movie_id: int) -> bool:
        """Return whether a film is on a viewer's watchlist."""
        query = select(watchlist.c.added_at).where(
            watchlist.c.viewer_id == viewer_id, watchlist.c.movie_id == movie_id
        )
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def watch(self, viewer_id: int, movie_id: int) -> int:
        """Put a film on the watchlist, where one that is there keeps its place; return since when it is."""
        place = {"viewer_id": viewer_id, "movie_id": movie_id}
        entry = self._database.insert(watchlist).on_conflict_do_nothing()
        query = select(watchlist.c.added_at).filter_by(**place)
        with self._database.write() as connection:
            connection.execute(entry, {**place, "added_at": now()})
            since: int = connection.execute(query).scalar_one()
        return since

    def unwatch(self, viewer_id: int, movie_id: int) -> None:
        """Take a film off the watchlist; nothing happens where it is not on it."""
        mine = watchlist.c.viewer_id == viewer_id
        with self._database.write() as connection:
            connection.execute(delete(watchlist).where(mine, watchlist.c.movie_id == movie_id))
