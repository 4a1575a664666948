"""What the engine takes and gives: plain records, films named by their public movie_id."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Mode = Literal["hybrid", "title", "semantic"]
RowKind = Literal["for_you", "because", "popular", "hidden_gems", "genre", "rewatch"]


class UnknownFilmError(LookupError):
    """No film of the release has this movie_id."""

    def __init__(self, movie_id: int) -> None:
        super().__init__(f"unknown film: {movie_id}")


class UnknownGenreError(LookupError):
    """No film of the release has this genre."""

    def __init__(self, genre: str) -> None:
        super().__init__(f"unknown genre: {genre}")


class UnknownPersonaError(LookupError):
    """No MovieLens user of the release has this id."""

    def __init__(self, persona_id: int) -> None:
        super().__init__(f"unknown persona: {persona_id}")


class Rating(NamedTuple):
    """One film of a history.

    A rating of None says "not interested": it is no taste, and the film is never recommended.
    """

    movie_id: int
    rating: float | None  # .5 to 5 stars
    timestamp: int  # seconds since 1970, UTC


Ratings = Sequence[tuple[int, float | None, int]]
"""What a user rated, oldest first: a `Rating` each, or a row of the database with the same three fields."""


@dataclass(slots=True)
class Reason:
    """A film of the history that a recommendation comes from."""

    movie_id: int
    share: float  # of the recommendation, in (0, 1]; a film's shares sum to at most 1


@dataclass(slots=True)
class Recommended:
    """A film to show, with its score (higher is better, comparable within one answer only)."""

    movie_id: int
    score: float
    reasons: list[Reason]  # strongest first, at most three; empty without a history
    predicted_rating: float | None = (
        None  # .5 to 5 stars, as the viewer will give them; None where it is not told
    )


@dataclass(slots=True)
class Row:
    """One row of the home page."""

    row_id: str  # stable within a release: "for-you", "because-318", "genre-Drama", …
    kind: RowKind
    title: str
    items: list[Recommended]


@dataclass(slots=True)
class Found:
    """A film that a search found: score in [0, 1], and what of it matched."""

    movie_id: int
    score: float
    matched: Literal["title", "meaning"]


@dataclass(slots=True, frozen=True)
class Movie:
    """What a film's card shows. The poster is a path as TMDB gives it; its address is the caller's matter."""

    movie_id: int
    title: str
    year: int | None
    genres: tuple[str, ...]
    poster_path: str | None


@dataclass(slots=True)
class GenreCount:
    """A genre and how many films have it."""

    genre: str
    movies: int


@dataclass(slots=True)
class Persona:
    """A MovieLens user, to look at and to try recommendations with."""

    persona_id: int
    ratings_count: int
    average_rating: float
    favourite_genres: list[str]  # at most three, over-represented among the films they liked
