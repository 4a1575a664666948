"""Read a CSV export of Letterboxd, IMDb, Trakt, MovieLens or Movie Genie into lines of one kind.

Which of them it is, the names of its columns say. A file that is none of them is refused as a whole; in one
that is, a line that cannot be read says why and stands for itself.
"""

import csv
import io
import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from movie_genie.backend.budget import Budget, OverBudgetError
from movie_genie.backend.errors import ProblemError

Format = Literal["letterboxd", "imdb", "trakt", "movielens", "movie_genie"]
Row = Mapping[str, str]

MOST_LINES = 25_000
LONGEST_HEADER = 10_000
LONGEST_TITLE = 300
"""Characters, spelled out too: Unicode has some that stand for eighteen."""
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One rating of the file; `problem` says why it cannot be taken.

    Attributes
    ----------
    number : int
        Its line's place in the file; the header is 1.
    stars : float
        From .5 to 5; 0 where there is a problem.
    rated_at : int or None
        Milliseconds since 1970, UTC; None where the file does not say.
    """

    number: int
    text: str
    stars: float = 0.0
    rated_at: int | None = None
    movie_id: int | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    title: str | None = None
    year: int | None = None
    problem: str | None = None


def read_ratings(data: bytes, budget: Budget) -> tuple[Format, list[Line]]:
    """Read a whole file.

    Raises
    ------
    ProblemError
        422 when it is no such file: not text, no known columns, too many lines, or too much work.
    """
    text = _text(data)
    if len(text) > LONGEST_HEADER and "\n" not in text[:LONGEST_HEADER]:
        raise refused(f"its first line has more than {LONGEST_HEADER} characters")
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().casefold() for name in next(rows, [])]
        kind = _format(set(header))
        lines = [
            _line(kind, rows.line_num, dict(zip(header, row, strict=False)))
            for row in _bounded(rows, budget)
            if row
        ]
    except csv.Error as error:
        raise refused(f"line {rows.line_num} is not CSV: {error}") from None
    except OverBudgetError:
        raise too_much(budget) from None
    return kind, lines


def too_much(budget: Budget) -> ProblemError:
    """Return the refusal of a file that keeps the server longer than its budget."""
    return refused(f"it takes more than {budget.seconds:g} s to read; split it into smaller files")


def refused(why: str) -> ProblemError:
    """Return the refusal of a whole file."""
    return ProblemError(422, f"the file cannot be imported: {why}", kind="unreadable-import")


def _text(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise refused(f"byte {error.start} is not {encoding.removesuffix('-sig')} text") from None
    if "\0" in text:
        raise refused("it is not text")
    return text


def _format(columns: set[str]) -> Format:
    if {"name", "letterboxd uri", "rating"} <= columns:
        return "letterboxd"
    if {"const", "your rating"} <= columns:
        return "imdb"
    if {"movieid", "rating"} <= columns:
        return "movielens"
    if {"movie_id", "rating", "rated_at"} <= columns:
        return "movie_genie"
    if columns & {"rating", "rating10"} and columns & {"trakt_id", "imdb_id", "imdb", "tmdb_id", "tmdb"}:
        return "trakt"
    raise refused(
        "its first line does not name the columns of a ratings export by Letterboxd, IMDb, Trakt, MovieLens "
        "or Movie Genie"
    )


def _bounded(rows: Iterator[list[str]], budget: Budget) -> Iterator[list[str]]:
    for count, row in enumerate(rows):
        if count == MOST_LINES:
            raise refused(f"it has more than {MOST_LINES} lines; split it into smaller files")
        budget.check()
        yield row


def _line(kind: Format, number: int, row: Row) -> Line:
    try:
        line = READERS[kind](number, row)
        _check_title(line.title or "")
        return line
    except ValueError as error:
        return Line(number, _shown(", ".join(row.values())), problem=str(error))


def _letterboxd(number: int, row: Row) -> Line:
    return Line(
        number,
        _shown(row.get("name", "")),
        _stars(row.get("rating"), 1),
        _moment(row.get("watched date") or row.get("date")),
        title=row.get("name"),
        year=_whole(row.get("year")),
    )


def _imdb(number: int, row: Row) -> Line:
    return Line(
        number,
        _shown(row.get("title") or row.get("const", "")),
        _stars(row.get("your rating"), 2),
        _moment(row.get("date rated")),
        imdb_id=row.get("const"),
        title=row.get("title"),
        year=_whole(row.get("year")),
    )


def _trakt(number: int, row: Row) -> Line:
    if row.get("type", "movie").casefold() not in ("movie", "movies", ""):
        raise ValueError("not a film")
    return Line(
        number,
        _shown(row.get("title") or row.get("imdb_id") or row.get("imdb", "")),
        _stars(row.get("rating") or row.get("rating10"), 2),
        _moment(row.get("rated_at")),
        imdb_id=row.get("imdb_id") or row.get("imdb"),
        tmdb_id=_whole(row.get("tmdb_id") or row.get("tmdb")),
        title=row.get("title"),
        year=_whole(row.get("year")),
    )


def _movielens(number: int, row: Row) -> Line:
    seconds = _whole(row.get("timestamp"))
    return Line(
        number,
        f"film {_shown(row.get('movieid', ''))}",
        _stars(row.get("rating"), 1),
        seconds * 1000 if seconds is not None else None,
        movie_id=_whole(row.get("movieid")),
    )


def _movie_genie(number: int, row: Row) -> Line:
    return Line(
        number,
        _shown(row.get("title") or row.get("movie_id", "")),
        _stars(row.get("rating"), 1),
        _moment(row.get("rated_at")),
        movie_id=_whole(row.get("movie_id")),
    )


READERS: dict[Format, Callable[[int, Row], Line]] = {
    "letterboxd": _letterboxd,
    "imdb": _imdb,
    "trakt": _trakt,
    "movielens": _movielens,
    "movie_genie": _movie_genie,
}


def _check_title(title: str) -> None:
    """Refuse a title that no film has, before anything is done with it that grows with its length."""
    if len(title) > LONGEST_TITLE or len(unicodedata.normalize("NFKD", title)) > LONGEST_TITLE:
        raise ValueError(f"expected a title of at most {LONGEST_TITLE} characters")


def _stars(value: str | None, per_star: int) -> float:
    """A rating on the scale of .5 to 5; exports of ten points have two a star."""
    if not value or not value.strip():
        raise ValueError("not rated")
    try:
        stars = float(value) / per_star
    except ValueError:
        stars = math.nan
    if not 0.5 <= stars <= 5 or stars * 2 != int(stars * 2):
        raise ValueError(f"expected a rating of half stars, got {_shown(value)!r}")
    return stars


def _whole(value: str | None) -> int | None:
    """A whole number of at most 15 digits; None for anything else."""
    digits = (value or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else None


def _moment(value: str | None) -> int | None:
    """A date or moment in ISO 8601; None for anything else."""
    try:
        moment = datetime.fromisoformat((value or "").strip())
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _shown(text: str) -> str:
    return text.strip()[:LONGEST_TEXT]
