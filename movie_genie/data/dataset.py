"""The processed tables as training, evaluation and releases read them: one reader for all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from movie_genie.data import schemas
from movie_genie.errors import UserError
from movie_genie.files import read_json

if TYPE_CHECKING:  # a release is made without data frames
    import pandas as pd

PROCESSED = Path("data/processed")


def read_interactions(root: Path) -> pd.DataFrame:
    """Read the ordered, split ratings of the project `root`, under schemas.INTERACTIONS.

    Raises
    ------
    UserError
        When the table is missing or broken, or holds nothing.
    """
    path = root / PROCESSED / "interactions.parquet"
    interactions = schemas.read_table(path, schemas.INTERACTIONS)
    if interactions.empty:
        raise UserError(f"{path}: holds no ratings; check the source in configs/data.yaml")
    return interactions


def read_films(root: Path) -> pa.Table:
    """Read what is known of each film of the vocabulary: CONTENT, one row an item_idx, in its order.

    Raises
    ------
    UserError
        When a table is missing or broken, or lacks a film of the vocabulary.
    """
    vocabulary = schemas.read_arrow(root / PROCESSED / "vocabulary.parquet", schemas.VOCABULARY)
    path = root / PROCESSED / "content_features.parquet"
    content = schemas.read_arrow(path, schemas.CONTENT)
    rows = pc.index_in(vocabulary["movie_id"], value_set=content["movie_id"].combine_chunks())
    if rows.null_count:
        missing = vocabulary["movie_id"].filter(pc.is_null(rows))[0]
        raise UserError(f"{path}: film {missing} of the vocabulary is missing; run `dvc repro`")
    return content.take(rows)


def movie_ids(films: pa.Table) -> NDArray[np.int64]:
    """The public id of each item_idx, ascending: (items,)."""
    ids: NDArray[np.int64] = films["movie_id"].to_numpy().astype(np.int64)
    return ids


def text_vectors(films: pa.Table) -> NDArray[np.float32]:
    """The embedding of each film's text, of unit length: (items, EMBEDDING_SIZE)."""
    flat = films["embedding"].combine_chunks().flatten().to_numpy()
    vectors: NDArray[np.float32] = flat.reshape(-1, schemas.EMBEDDING_SIZE)
    return vectors


def full_titles(films: pa.Table) -> list[str]:
    """Titles with their year: "Alien (1979)"."""
    columns = films["title"].to_pylist(), films["year"].to_pylist()
    return [title if year is None else f"{title} ({year})" for title, year in zip(*columns, strict=True)]


def read_split_hashes(root: Path) -> dict[str, str]:
    """For each protocol the hash of its split, by which measured cases are known again.

    Raises
    ------
    UserError
        When the file is missing or lacks a protocol.
    """
    path = root / PROCESSED / "splits.json"
    splits = read_json(path)
    try:
        return {protocol: str(splits[f"{protocol}_hash"]) for protocol in schemas.PROTOCOLS}
    except KeyError as missing:
        raise UserError(f"{path}: {missing} is missing; run `dvc repro`") from None
