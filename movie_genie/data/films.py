"""The films of a source: MovieLens's lines of id, title with year, and genres become the table MOVIES."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from movie_genie.data.layout import locate
from movie_genie.data.lines import read_lines
from movie_genie.data.schemas import MOVIES, REJECTED
from movie_genie.errors import UserError

NO_GENRES = "(no genres listed)"
TITLE_AND_YEAR = re.compile(
    r"(?P<title>.*\S)\s*\((?P<first>[0-9]{4})(?:[-–]\s?(?:[0-9]{4})?)?\)\s*", re.DOTALL
)
PLAUSIBLE_YEARS = range(1870, 2100)
LONGEST_EXCERPT = 200
"""Characters of a rejected line that are kept."""


@dataclass(frozen=True)
class Films:
    """The films (MOVIES, sorted by movie_id) and the lines that were not taken (REJECTED)."""

    table: pa.Table
    rejected: pa.Table


def split_title(text: str) -> tuple[str, int | None]:
    """Part a title from the year in brackets at its end; of a series' years (2006–2007) the first counts.

    >>> split_title("Toy Story (1995)")
    ('Toy Story', 1995)
    >>> split_title("Paterson")
    ('Paterson', None)
    """
    found = TITLE_AND_YEAR.fullmatch(text)
    if found and int(found["first"]) in PLAUSIBLE_YEARS:
        return found["title"].strip(), int(found["first"])
    return text.strip(), None


def split_genres(text: str) -> list[str]:
    """`Action|Crime` -> [Action, Crime]; each once, none for MovieLens's own word for none."""
    names = (name.strip() for name in text.split("|"))
    return list(dict.fromkeys(name for name in names if name and name != NO_GENRES))


def untitled(movie_id: int) -> str:
    """What a film without a known title is called."""
    return f"Film {movie_id}"


def films_table(rows: Iterable[dict[str, object]]) -> pa.Table:
    """Rows with the columns of MOVIES -> the table, sorted by movie_id."""
    return pa.Table.from_pylist(list(rows), schema=MOVIES).sort_by("movie_id")


def rejected_table(rows: Iterable[tuple[str, int, str, str]]) -> pa.Table:
    """Rows of (source, row, reason, text) -> REJECTED."""
    return pa.Table.from_pylist(
        [dict(zip(REJECTED.names, (*row[:3], row[3][:LONGEST_EXCERPT]), strict=True)) for row in rows],
        schema=REJECTED,
    )


def read_films(movies: Path, links: Path | None) -> Films:
    """Read movies.csv or movies.dat, and links.csv where there is one.

    A line without a whole number as id or without a title is rejected as `unparsable`, a film's second line
    as `duplicate`.

    Raises
    ------
    UserError
        When a file is missing, empty, or lacks a column.
    """
    rejected: list[tuple[str, int, str, str]] = []
    foreign_ids = _read_links(links, rejected) if links else {}
    films: dict[int, dict[str, object]] = {}
    for number, line, fields in _records(movies, ("movie", "title", "genres")):
        movie_id = _whole_number(fields["movie"]) if fields else None
        if fields is None or movie_id is None or not fields["title"].strip():
            rejected.append((movies.name, number, "unparsable", line))
        elif movie_id in films:
            rejected.append((movies.name, number, "duplicate", line))
        else:
            title, year = split_title(fields["title"])
            imdb_id, tmdb_id = foreign_ids.get(movie_id, (None, None))
            films[movie_id] = {
                "movie_id": movie_id,
                "title": title,
                "year": year,
                "genres": split_genres(fields["genres"]),
                "imdb_id": imdb_id,
                "tmdb_id": tmdb_id,
            }
    if not films:
        raise UserError(f"{movies}: no film in it can be read")
    return Films(films_table(films.values()), rejected_table(rejected))


def _read_links(
    links: Path, rejected: list[tuple[str, int, str, str]]
) -> dict[int, tuple[str | None, int | None]]:
    """links.csv: movie_id -> (imdb_id as tt0114709, tmdb_id); a film's first line counts."""
    known: dict[int, tuple[str | None, int | None]] = {}
    for number, line, fields in _records(links, ("movie", "imdb", "tmdb")):
        movie_id = _whole_number(fields["movie"]) if fields else None
        if fields is None or movie_id is None:
            rejected.append((links.name, number, "unparsable", line))
        elif movie_id in known:
            rejected.append((links.name, number, "duplicate", line))
        else:
            imdb = _whole_number(fields["imdb"].removeprefix("tt"))
            known[movie_id] = (f"tt{imdb:07d}" if imdb else None, _whole_number(fields["tmdb"]))
    return known


def _records(path: Path, roles: tuple[str, ...]) -> Iterator[tuple[int, str, dict[str, str] | None]]:
    """Each line after the header as (number, line, role -> field), None where it cannot be parted.

    Lines are parted one by one, so that a quote that nobody closes costs one film, not the rest of the file.
    """
    lines = enumerate(read_lines(path), start=1)
    if path.suffix == ".dat":
        places: dict[str, int] = {role: place for place, role in enumerate(roles)}
    else:
        _, header = next(lines, (0, ""))
        places = locate(header.split(","), roles, path)
    for number, line in lines:
        if line.strip():
            fields = line.split("::") if path.suffix == ".dat" else _csv_fields(line)
            whole = fields is not None and len(fields) > max(places.values())
            yield (
                number,
                line,
                {role: fields[place] for role, place in places.items()} if fields and whole else None,
            )


def _csv_fields(line: str) -> list[str] | None:
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error:
        return None


def _whole_number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
