"""Already fetched TMDB records, one JSON object a line, become the table METADATA."""

import json
from pathlib import Path
from typing import Annotated

import pyarrow as pa
from pydantic import BaseModel, Field, ValidationError

from movie_genie.data.lines import read_lines
from movie_genie.data.schemas import METADATA
from movie_genie.errors import UserError

Id = Annotated[int, Field(ge=0, lt=1 << 63)]
Minutes = Annotated[int, Field(ge=0, lt=1 << 31)]


class Person(BaseModel):
    """A member of the cast; `order` 0 is named first."""

    name: str
    order: int = 0


class Record(BaseModel):
    """One line of the file. What a film lacks may be null or absent."""

    movieId: Id  # noqa: N815, the file's own names
    tmdbId: Id | None = None  # noqa: N815
    overview: str | None = None
    keywords: list[str] = []
    cast: list[Person] = []
    directors: list[str] = []
    runtime: Minutes | None = None
    poster_path: str | None = None
    backdrop_path: str | None = None


def read_metadata(path: Path, movie_ids: set[int]) -> pa.Table:
    """Read the records of the films in `movie_ids`; others are passed over.

    Raises
    ------
    UserError
        Naming the line that is no JSON, has a field of the wrong type, or repeats a film.
    """
    rows: dict[int, dict[str, object]] = {}
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        record = _record(line, f"{path}: line {number}")
        if record.movieId in rows:
            raise UserError(f"{path}: line {number}: movieId {record.movieId} stands in the file twice")
        if record.movieId in movie_ids:
            rows[record.movieId] = {
                "movie_id": record.movieId,
                "tmdb_id": record.tmdbId,
                "overview": (record.overview or "").strip() or None,
                "keywords": record.keywords,
                "cast": [person.name for person in sorted(record.cast, key=lambda person: person.order)],
                "directors": record.directors,
                "runtime": record.runtime or None,  # TMDB writes 0 for unknown
                "poster_path": record.poster_path or None,
                "backdrop_path": record.backdrop_path or None,
            }
    return pa.Table.from_pylist(list(rows.values()), schema=METADATA).sort_by("movie_id")


def _record(line: str, where: str) -> Record:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise UserError(f"{where}: not valid JSON: {error.msg} at column {error.colno}") from error
    try:
        return Record.model_validate(value, strict=True)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"]) or "record"
        raise UserError(f"{where}: {key}: {problem['msg'].removeprefix('Input should be ')}") from None
