"""What the API gives to viewers: views return these models, which serialise the answer and describe it in OpenAPI."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from movie_genie.backend.import_formats import Format
from movie_genie.engine.records import RowKind

T = TypeVar("T")

Stars = Annotated[float, AfterValidator(lambda stars: round(stars, 2))]
"""An average or a predicted rating; more digits than two say nothing."""


class Output(BaseModel):
    """Takes its fields by name, also from the engine's own records; what else they hold is not given out."""

    model_config = ConfigDict(from_attributes=True)


class Movie(Output):
    """What a film's card shows."""

    movie_id: int
    title: str
    year: int | None
    genres: list[str]
    poster_url: str | None


class MovieDetail(Movie):
    """All that is known of a film, and what the viewer did with it."""

    overview: str | None
    runtime: int | None
    directors: list[str]
    cast: list[str]
    keywords: list[str]
    tmdb_id: int | None
    imdb_id: str | None
    ratings_count: int
    average_rating: Stars | None
    predicted_rating: Stars | None
    my_rating: float | None
    not_interested: bool
    in_watchlist: bool


class Reason(Output):
    """A film of the history that a recommendation comes from, and its share of it."""

    movie_id: int
    title: str
    share: float


class Recommendation(Output):
    """A film to show, and the stars that it will get from whom it is shown to; null where that is not told."""

    movie: Movie
    score: float
    predicted_rating: Stars | None
    reasons: list[Reason]


class Recommendations(Output):
    """Films, best first, and the release that chose them."""

    release_id: str
    items: list[Recommendation]


class Found(Output):
    """A film that a search found."""

    movie: Movie
    score: float
    matched: Literal["title", "meaning"]


class FoundList(Output):
    """What a search found, best first."""

    items: list[Found]


class GenreCount(Output):
    """A genre and how many films have it."""

    genre: str
    movies: int


class Genres(Output):
    """Every genre, the largest first."""

    items: list[GenreCount]


class Paged(Output, Generic[T]):
    """A part of a long list."""

    items: list[T]
    page: int
    per_page: int
    total: int


class Persona(Output):
    """A MovieLens user, read only."""

    persona_id: int
    ratings_count: int
    average_rating: Stars
    favourite_genres: list[str]


class PersonaRating(Output):
    """A film that a persona rated."""

    movie: Movie
    rating: float
    rated_at: str


class Personas(Paged[Persona]):
    """A page of personas."""


class PersonaHistory(Paged[PersonaRating]):
    """A page of a persona's history, newest first."""


class Rating(Output):
    """A film that the viewer rated, or that does not interest them."""

    movie: Movie
    rating: float | None
    not_interested: bool
    rated_at: str


class Ratings(Paged[Rating]):
    """A page of the viewer's ratings, newest first."""


class WatchlistEntry(Output):
    """A film on the watchlist."""

    movie: Movie
    added_at: str


class Watchlist(Output):
    """The viewer's watchlist, newest first."""

    items: list[WatchlistEntry]


class Row(Output):
    """A row of the home page."""

    row_id: str
    kind: RowKind
    title: str
    items: list[Recommendation]


class Home(Output):
    """The viewer's home page, the most fitting row first."""

    release_id: str
    rows: list[Row]


class Me(Output):
    """Whom the session recognises; `csrf_token` belongs into the header X-CSRF-Token of every non-GET."""

    kind: Literal["anonymous", "guest", "user"]
    name: str | None
    is_admin: bool
    ratings_count: int
    csrf_token: str


class Account(Output):
    """What an admin sees of an account."""

    name: str
    is_admin: bool
    locked: bool
    created_at: str
    ratings_count: int


class AccountList(Paged[Account]):
    """A page of the accounts, by name."""


class ResetLink(Output):
    """What `/reset-password#TOKEN` of the web app takes, once and until then."""

    token: str
    expires_at: str


class ImportedFilm(Output):
    """A line of an import that found its film; `line` counts from 1, the header included."""

    line: int
    movie: Movie
    rating: float


class UnmatchedLine(Output):
    """A line of an import that was not taken, and why."""

    line: int
    text: str
    reason: str


class Import(Output):
    """What an import holds; the lists show the first hundred of each. `kept` is null in a preview.

    A film that was rated later here than in the file keeps its rating and is not among the `kept`.
    """

    format: Format
    matched_count: int
    unmatched_count: int
    matched: list[ImportedFilm]
    unmatched: list[UnmatchedLine]
    kept: int | None


class ExportedRating(Output):
    """A rating as it is exported."""

    movie_id: int
    title: str
    year: int | None
    rating: float | None
    not_interested: bool
    rated_at: str


class ExportedWatchlistEntry(Output):
    """An entry of the watchlist as it is exported."""

    movie_id: int
    title: str
    year: int | None
    added_at: str


class ExportedEvent(Output):
    """A row of films that was shown, or a film in it that was clicked, as it is exported."""

    kind: str
    row: str
    movie_id: int | None
    position: int | None
    release_id: str
    created_at: str


class ExportedSession(Output):
    """A browser in which the viewer is recognised, until when it is left alone; not the token that it holds."""

    created_at: str
    expires_at: str


class ExportedResetLink(Output):
    """A link to set a new password that is not used yet; not its token."""

    created_at: str
    expires_at: str


class Export(Output):
    """All that is kept of a viewer; of the password and of tokens only hashes are kept, and stay here."""

    name: str | None
    is_admin: bool
    created_at: str
    ratings: list[ExportedRating]
    watchlist: list[ExportedWatchlistEntry]
    events: list[ExportedEvent]
    sessions: list[ExportedSession]
    password_resets: list[ExportedResetLink]
