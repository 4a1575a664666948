"""From the engine's records to JSON. A film's card is written once a release and pasted into every answer."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import orjson
from flask import Response

from movie_genie.backend.clock import iso
from movie_genie.engine.recommender import Recommender
from movie_genie.engine.records import Found, Persona, Rated, Recommended

POSTER_WIDTH = "w342"
"""TMDB's name of the size that cards show."""

POSTER_HOST = "https://image.tmdb.org/t/p"

Json = dict[str, Any]
"""Any: a JSON document, described by a type of `outputs`."""


def answer(data: object, status: int = 200) -> Response:
    """Return `data` as JSON; numbers that are no numbers become null."""
    return Response(orjson.dumps(data), status, mimetype="application/json")


class Presenter:
    """One release's films as JSON; thrown away with the release."""

    def __init__(self, engine: Recommender, posters: Literal["proxy", "direct"]) -> None:
        self.engine = engine
        self._posters = posters
        self._cards: dict[int, orjson.Fragment] = {}

    def card(self, movie_id: int) -> orjson.Fragment:
        """Return a film as `outputs.Movie`; one that the release does not know is named by its id."""
        card = self._cards.get(movie_id)
        if card is None:
            card = orjson.Fragment(orjson.dumps(self._card(movie_id)))
            if movie_id in self.engine.catalogue.item_of:
                self._cards[movie_id] = card
        return card

    def _card(self, movie_id: int) -> Json:
        item = self.engine.catalogue.item_of.get(movie_id)
        if item is None:
            return {
                "movie_id": movie_id,
                "title": f"Film {movie_id}",
                "year": None,
                "genres": [],
                "poster_url": None,
            }
        movie = self.engine.catalogue.movies[item]
        return {
            "movie_id": movie_id,
            "title": movie.title,
            "year": movie.year,
            "genres": movie.genres,
            "poster_url": self._poster_url(movie_id, movie.poster_path),
        }

    def _poster_url(self, movie_id: int, path: str | None) -> str | None:
        if path is None:
            return None
        return (
            f"{POSTER_HOST}/{POSTER_WIDTH}{path}" if self._posters == "direct" else f"/api/posters/{movie_id}"
        )

    def detail(self, movie_id: int) -> Json:
        """Return a film as `outputs.MovieDetail`, less what a viewer said of it.

        Raises
        ------
        UnknownFilmError
        """
        detail = self.engine.catalogue.detail(movie_id)
        return self._card(movie_id) | {
            "overview": detail.overview,
            "runtime": detail.runtime,
            "directors": detail.directors,
            "cast": detail.cast,
            "keywords": detail.keywords,
            "tmdb_id": detail.tmdb_id,
            "imdb_id": detail.imdb_id,
            "ratings_count": detail.ratings_count,
            "average_rating": _rounded(detail.average_rating),
        }

    def recommended(self, items: Iterable[Recommended]) -> list[Json]:
        """Return films as `outputs.Recommendation`."""
        card, item_of, movies = self.card, self.engine.catalogue.item_of, self.engine.catalogue.movies
        return [
            {
                "movie": card(item.movie_id),
                "score": item.score,
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

    def recommendations(self, items: Iterable[Recommended]) -> Response:
        """Return films as `outputs.Recommendations`."""
        return answer({"release_id": self.engine.release_id, "items": self.recommended(items)})

    def found(self, items: Iterable[Found]) -> Response:
        """Return films as `outputs.FoundList`."""
        return answer(
            {
                "items": [
                    {"movie": self.card(item.movie_id), "score": item.score, "matched": item.matched}
                    for item in items
                ]
            }
        )

    def rated(self, history: Iterable[Rated]) -> list[Json]:
        """Return a persona's films as `outputs.PersonaRating`."""
        return [
            {
                "movie": self.card(film.movie_id),
                "rating": film.rating,
                "rated_at": iso(film.timestamp * 1000),
            }
            for film in history
        ]


def persona(person: Persona) -> Json:
    """Return a persona as `outputs.Persona`."""
    return {
        "persona_id": person.persona_id,
        "ratings_count": person.ratings_count,
        "average_rating": _rounded(person.average_rating),
        "favourite_genres": person.favourite_genres,
    }


def _rounded(stars: float | None) -> float | None:
    return None if stars is None else round(stars, 2)


def page_of(items: Sequence[object], page: int, per_page: int, total: int) -> Response:
    """Return a part of a long list as `outputs.Paged`."""
    return answer({"items": items, "page": page, "per_page": per_page, "total": total})
