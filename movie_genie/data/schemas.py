"""The tables that pass between stages: columns and types, written down once and checked when read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from movie_genie.errors import UserError
from movie_genie.files import atomic_path

if TYPE_CHECKING:  # the server reads tables too, and has no need of pandas
    import pandas as pd

EMBEDDING_SIZE = 384
"""Width of a text embedding (all-MiniLM-L6-v2)."""

RATINGS = pa.schema(
    [
        ("user_id", pa.int64()),
        ("movie_id", pa.int64()),
        ("rating", pa.float32()),
        ("timestamp", pa.int64()),  # seconds since 1970, UTC
        ("file_order", pa.int64()),  # breaks ties of the timestamp
    ]
)
"""data/raw/ratings.parquet: one row a user–film pair, sorted by file_order."""

FEEDBACK = pa.schema([field for field in RATINGS if field.name != "file_order"])
"""data/feedback/ratings.parquet: the app's viewers' ratings, as its snapshot writes them for `ingest`."""

REJECTED = pa.schema(
    [("source", pa.string()), ("row", pa.int64()), ("reason", pa.string()), ("text", pa.string())]
)
"""data/raw/rejected.parquet: rows that were not taken, and why."""

MOVIES = pa.schema(
    [
        ("movie_id", pa.int64()),
        ("title", pa.string()),  # without the year
        ("year", pa.int32()),
        ("genres", pa.list_(pa.string())),
        ("imdb_id", pa.string()),  # tt0114709
        ("tmdb_id", pa.int64()),
    ]
)
"""data/raw/movies.parquet: every film of the source, sorted by movie_id. Year and foreign ids may be null."""

METADATA = pa.schema(
    [
        ("movie_id", pa.int64()),
        ("tmdb_id", pa.int64()),
        ("overview", pa.string()),
        ("keywords", pa.list_(pa.string())),
        ("cast", pa.list_(pa.string())),
        ("directors", pa.list_(pa.string())),
        ("runtime", pa.int32()),  # minutes
        ("poster_path", pa.string()),  # as TMDB gives it: /uXDf….jpg
        ("backdrop_path", pa.string()),
    ]
)
"""data/raw/metadata.parquet: what an imported metadata file knows of a film; empty where none was given."""

INTERACTIONS = pa.schema(
    [
        ("user_idx", pa.int32()),
        ("position", pa.int32()),  # 0 is the user's oldest
        ("item_idx", pa.int32()),
        ("rating", pa.float32()),
        ("timestamp", pa.int64()),
        ("leave_one_out", pa.int8()),  # TRAIN, VALIDATION or TEST
        ("temporal", pa.int8()),
    ]
)
"""data/processed/interactions.parquet: sorted by user_idx, position."""

TRAIN, VALIDATION, TEST = 0, 1, 2
"""Values of the split columns."""

PROTOCOLS = ("leave_one_out", "temporal")
"""The split columns of INTERACTIONS."""

RELEASED = PROTOCOLS[0]
"""The protocol whose models are released: they saw the most of each history."""

VOCABULARY = pa.schema([("item_idx", pa.int32()), ("movie_id", pa.int64())])
"""data/processed/vocabulary.parquet: item_idx counts from 0 in the order of movie_id."""

USERS = pa.schema([("user_idx", pa.int32()), ("user_id", pa.int64())])
"""data/processed/users.parquet: user_idx counts from 0 in the order of user_id."""

CONTENT = pa.schema(
    [
        ("movie_id", pa.int64()),
        ("title", pa.string()),
        ("year", pa.int32()),
        ("genres", pa.list_(pa.string())),
        ("imdb_id", pa.string()),
        ("tmdb_id", pa.int64()),
        ("overview", pa.string()),
        ("keywords", pa.list_(pa.string())),
        ("cast", pa.list_(pa.string())),
        ("directors", pa.list_(pa.string())),
        ("runtime", pa.int32()),
        ("poster_path", pa.string()),
        ("backdrop_path", pa.string()),
        ("embedding", pa.list_(pa.float32(), EMBEDDING_SIZE)),  # unit length
    ]
)
"""data/processed/content_features.parquet: one row a film of MOVIES, in its order."""

PER_USER = pa.schema(
    [
        ("user_idx", pa.int32()),
        ("item_idx", pa.int32()),  # the film to be found
        ("protocol", pa.string()),
        ("system", pa.string()),
        ("rank", pa.float64()),  # 0-based; infinity: not recommended at any length
    ]
)
"""results/per_user.parquet: one row a test case and system, in the order of PROTOCOLS, systems, cases."""

FIRST_VIEWER_ID = 1 << 40
"""User ids from here on are the app's own viewers; no data set has ids this large."""


def write_table(path: Path, table: pd.DataFrame | pa.Table, schema: pa.Schema) -> None:
    """Write a table under its schema, whole or not at all; the same rows give the same bytes.

    Raises
    ------
    UserError
        When a column is missing or does not hold what the schema says.
    """
    if not isinstance(table, pa.Table):
        missing = [name for name in schema.names if name not in table.columns]
        if missing:
            raise UserError(f"{path}: to be written without column {missing[0]}")
        table = pa.Table.from_pandas(table[schema.names], schema=schema, preserve_index=False)
    table = table.select(schema.names).cast(schema).replace_schema_metadata(None)
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_arrow(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a table and hold it against its schema.

    Raises
    ------
    UserError
        When the file is missing, is no parquet, or has other columns than the schema.
    """
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise UserError(f"{path}: not found; `dvc repro` makes it") from None
    except (pa.ArrowInvalid, OSError) as error:  # damage in the body shows as the latter
        raise UserError(f"{path}: not a readable parquet file: {error}") from error
    for field in schema:
        if field.name not in table.column_names:
            raise UserError(f"{path}: column {field.name} is missing")
        if table.schema.field(field.name).type != field.type:
            found = table.schema.field(field.name).type
            raise UserError(f"{path}: column {field.name}: expected {field.type}, found {found}")
    return table.select(schema.names)


def read_table(path: Path, schema: pa.Schema) -> pd.DataFrame:
    """Read a table as a data frame; see `read_arrow`."""
    frame: pd.DataFrame = read_arrow(path, schema).to_pandas()
    return frame
