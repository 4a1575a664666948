"""What the API gives: pydantic types, from which OpenAPI is made. `answers.py` builds what they describe."""

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

from movie_genie.engine.records import RowKind

T = TypeVar("T")


class Movie(BaseModel):
    """What a film's card shows."""

    movie_id: int
    title: str
    year: int | None
    genres: list[str]
    poster_url: str | None


class MovieDetail(Movie):
    """All that is known of a film, and what the viewer said of it."""

    overview: str | None
    runtime: int | None
    directors: list[str]
    cast: list[str]
    keywords: list[str]
    tmdb_id: int | None
    imdb_id: str | None
    ratings_count: int
    average_rating: float | None
    my_rating: float | None
    not_interested: bool
    in_watchlist: bool


class Reason(BaseModel):
    """A film of the history that carried a recommendation, and how much of it."""

    movie_id: int
    title: str
    share: float


class Recommendation(BaseModel):
    """A film to show."""

    movie: Movie
    score: float
    reasons: list[Reason]


class Recommendations(BaseModel):
    """Films, best first, and the release that chose them."""

    release_id: str
    items: list[Recommendation]


class Found(BaseModel):
    """A film that a search found."""

    movie: Movie
    score: float
    matched: Literal["title", "meaning"]


class FoundList(BaseModel):
    """What a search found, best first."""

    items: list[Found]


class GenreCount(BaseModel):
    """A genre and how many films have it."""

    genre: str
    movies: int


class Genres(BaseModel):
    """Every genre, the largest first."""

    items: list[GenreCount]


class Paged(BaseModel, Generic[T]):
    """A part of a long list."""

    items: list[T]
    page: int
    per_page: int
    total: int


class Persona(BaseModel):
    """A MovieLens user, read only."""

    persona_id: int
    ratings_count: int
    average_rating: float
    favourite_genres: list[str]


class PersonaRating(BaseModel):
    """A film that a persona rated."""

    movie: Movie
    rating: float
    rated_at: str


class Personas(Paged[Persona]):
    """A page of personas."""


class PersonaHistory(Paged[PersonaRating]):
    """A page of a persona's history, newest first."""


class Rating(BaseModel):
    """A film that the viewer rated, or that does not interest them."""

    movie: Movie
    rating: float | None
    not_interested: bool
    rated_at: str


class Ratings(Paged[Rating]):
    """A page of the viewer's ratings, newest first."""


class WatchlistEntry(BaseModel):
    """A film on the watchlist."""

    movie: Movie
    added_at: str


class Watchlist(BaseModel):
    """The viewer's watchlist, newest first."""

    items: list[WatchlistEntry]


class Row(BaseModel):
    """A row of the home page."""

    row_id: str
    kind: RowKind
    title: str
    items: list[Recommendation]


class Home(BaseModel):
    """The viewer's home page, the most fitting row first."""

    release_id: str
    rows: list[Row]


class Me(BaseModel):
    """Whom the session recognises; `csrf_token` belongs into the header X-CSRF-Token of every non-GET."""

    kind: Literal["anonymous", "guest", "user"]
    name: str | None
    is_admin: bool
    ratings_count: int
    csrf_token: str


class Health(BaseModel):
    """The process answers; `code` is a hash of the sources it runs."""

    status: Literal["ok"]
    code: str


class Ready(BaseModel):
    """The worker process that answered has a release to serve."""

    status: Literal["ready"]
    release_id: str
    worker: int
    """Its process number: answers from so many different ones show that all of the `workers` are ready."""
    workers: int


class Release(BaseModel):
    """What the release is made of, and why it may serve."""

    release_id: str
    git_revision: str | None
    data_revision: str | None
    metrics: dict[str, float | int | str | None]
    gate: dict[str, object]


class ListedRelease(BaseModel):
    """A release on disk; `former` is what a rollback goes to."""

    release_id: str
    published_at: str
    git_revision: str | None
    data_revision: str | None
    current: bool
    former: bool


class Releases(BaseModel):
    """Every release, the newest first."""

    items: list[ListedRelease]


class CurrentRelease(BaseModel):
    """The release that is served from now on."""

    release_id: str


class ClickThrough(BaseModel):
    """How one kind of row did in one release; `rate` is null where it was never shown."""

    release_id: str
    row: str
    impressions: int
    clicks: int
    rate: float | None


class ClickThroughs(BaseModel):
    """Every release's kinds of rows, the most shown first."""

    items: list[ClickThrough]


class StageState(BaseModel):
    """A stage, and in words whether it is up to date."""

    stage: str
    state: str


class DagRun(BaseModel):
    """A run of the DAG in Airflow."""

    run_id: str
    state: str
    started_at: str | None
    ended_at: str | None


class PipelineState(BaseModel):
    """Stages and runs; where one of both is not known, why."""

    stages: list[StageState]
    stages_unknown: str | None
    runs: list[DagRun]
    runs_unknown: str | None


class StageProgress(BaseModel):
    """How far a stage of the first training is."""

    stage: str
    state: Literal["waiting", "running", "done", "failed"]


class Progress(BaseModel):
    """The stages of the first training, in no order; none where nothing is known, or a release is served."""

    stages: list[StageProgress]


class ImportedFilm(BaseModel):
    """A line of an import that found its film; `line` counts from 1, the header included."""

    line: int
    movie: Movie
    rating: float


class UnmatchedLine(BaseModel):
    """A line of an import that was not taken, and why."""

    line: int
    text: str
    reason: str


class Import(BaseModel):
    """What an import holds; the lists show the first hundred of each. `kept` is null in a preview.

    A film that was rated later here than in the file keeps its rating and is not among the `kept`.
    """

    format: Literal["letterboxd", "imdb", "trakt", "movielens", "movie_genie"]
    matched_count: int
    unmatched_count: int
    matched: list[ImportedFilm]
    unmatched: list[UnmatchedLine]
    kept: int | None


class ExportedRating(BaseModel):
    """A rating as it is exported."""

    movie_id: int
    title: str
    year: int | None
    rating: float | None
    not_interested: bool
    rated_at: str


class ExportedWish(BaseModel):
    """An entry of the watchlist as it is exported."""

    movie_id: int
    title: str
    year: int | None
    added_at: str


class Export(BaseModel):
    """All that is kept of a viewer but their clicks."""

    name: str | None
    ratings: list[ExportedRating]
    watchlist: list[ExportedWish]
