"""One release's films, ready to be shown: as output models, and as text where models are too slow.

Recommendations, home pages and search results are asked for most and hold many films. Each film's text is written
once and pasted into them: a fraction of the time that their models take. A test holds both to the same fields.
"""

from collections.abc import Iterable
from typing import Literal

import orjson
from flask import Response

from movie_genie.backend.feedback import StoredRating
from movie_genie.backend.outputs import Movie, MovieDetail
from movie_genie.engine.recommender import Recommender
from movie_genie.engine.records import Found, Recommended, Row

POSTER_WIDTH = "w342"
"""TMDB's name of the size that cards show."""

POSTER_HOST = "https://image.tmdb.org/t/p"


def answer(data: object) -> Response:
    """Return `data` as JSON; numbers that are no numbers become null."""
    return Response(orjson.dumps(data), mimetype="application/json")


class Presenter:
    """One release's films as the API shows them; replaced with the release."""

    def __init__(self, engine: Recommender, posters: Literal["proxy", "direct"]) -> None:
        self.engine = engine
        self._posters = posters
        self._cards: dict[int, Movie] = {}
        self._fragments: dict[int, orjson.Fragment] = {}

    def card(self, movie_id: int) -> Movie:
        """Return what a film's card shows; one that the release does not know is named by its id."""
        card = self._cards.get(movie_id)
        if card is None:
            item = self.engine.catalogue.item_of.get(movie_id)
            if item is None:
                return Movie(
                    movie_id=movie_id, title=f"Film {movie_id}", year=None, genres=[], poster_url=None
                )
            movie = self.engine.catalogue.movies[item]
            card = self._cards[movie_id] = Movie(
                movie_id=movie_id,
                title=movie.title,
                year=movie.year,
                genres=movie.genres,
                poster_url=self._poster_url(movie_id, movie.poster_path),
            )
        return card

    def detail(
        self, movie_id: int, rating: StoredRating | None, in_watchlist: bool, predicted_rating: float | None
    ) -> MovieDetail:
        """Return all of a film that `MovieDetail` has a field for, and what the viewer did with it, or will.

        Raises
        ------
        UnknownFilmError
        """
        row = self.engine.catalogue.detail(movie_id)
        viewers_own = {
            "my_rating": rating.rating if rating else None,
            "not_interested": rating is not None and rating.rating is None,
            "in_watchlist": in_watchlist,
            "predicted_rating": predicted_rating,
        }
        poster_url = self._poster_url(movie_id, row["poster_path"])
        return MovieDetail.model_validate({**row, **viewers_own, "poster_url": poster_url})

    def recommendations(self, items: Iterable[Recommended]) -> Response:
        """Return films as `outputs.Recommendations`."""
        return answer({"release_id": self.engine.release_id, "items": self._recommended(items)})

    def home(self, rows: Iterable[Row]) -> Response:
        """Return a home page as `outputs.Home`."""
        shown = [
            {
                "row_id": row.row_id,
                "kind": row.kind,
                "title": row.title,
                "items": self._recommended(row.items),
            }
            for row in rows
        ]
        return answer({"release_id": self.engine.release_id, "rows": shown})

    def found(self, items: Iterable[Found]) -> Response:
        """Return films as `outputs.FoundList`."""
        shown = [
            {"movie": self._fragment(item.movie_id), "score": item.score, "matched": item.matched}
            for item in items
        ]
        return answer({"items": shown})

    def _recommended(self, items: Iterable[Recommended]) -> list[dict[str, object]]:
        fragment, item_of, movies = (
            self._fragment,
            self.engine.catalogue.item_of,
            self.engine.catalogue.movies,
        )
        return [
            {
                "movie": fragment(item.movie_id),
                "score": item.score,
                "predicted_rating": None
                if item.predicted_rating is None
                else round(item.predicted_rating, 2),
                "reasons": [
                    {
                        "movie_id": reason.movie_id,
                        "title": movies[item_of[reason.movie_id]].title,
                        "share": reason.share,
                    }
                    for reason in item.reasons
                ],
            }
            for item in items
        ]

    def _fragment(self, movie_id: int) -> orjson.Fragment:
        """A film's card as JSON text, written once."""
        fragment = self._fragments.get(movie_id)
        if fragment is None:
            text = self.card(movie_id).model_dump_json().encode()
            fragment = self._fragments[movie_id] = orjson.Fragment(text)
        return fragment

    def _poster_url(self, movie_id: int, path: str | None) -> str | None:
        if path is None:
            return None
        if self._posters == "direct":
            return f"{POSTER_HOST}/{POSTER_WIDTH}{path}"
        return f"/api/posters/{movie_id}"
