"""Tables turned into the arrays that a training reads."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from movie_genie.data import schemas
from movie_genie.errors import UserError

Items = NDArray[np.int64]

PROCESSED = Path("data/processed")
FIRST_DECADE, LAST_DECADE = 1900, 2030

MOST_CASES_OF_A_USER = 20
"""Validation events asked of one user, evenly spread; only the temporal split has more than one."""


@dataclass(frozen=True)
class Examples:
    """What one protocol lets a model see."""

    items: int
    """Size of the vocabulary."""
    sequences: list[Items]
    """One a user: the item_idx of the training events, oldest first."""
    histories: list[Items]
    """One a validation case: everything the user did before the target; views of one array."""
    targets: Items
    """(cases,) the validation events."""


@dataclass(frozen=True)
class Content:
    """What is known of each film, in the order of the vocabulary."""

    text: NDArray[np.float32]
    """(items, 384) embedding of the film's text."""
    genres: NDArray[np.float32]
    """(items, genres) 1 where the film has the genre."""
    decade: Items
    """(items,) decades since 1900, 0 where the year is unknown."""


def load_interactions() -> pd.DataFrame:
    """Read the ordered, split ratings.

    Raises
    ------
    UserError
        When there is nothing to learn from.
    """
    path = PROCESSED / "interactions.parquet"
    interactions = schemas.read_table(path, schemas.INTERACTIONS)
    if interactions.empty:
        raise UserError(f"{path}: holds no ratings; check the source in configs/data.yaml")
    return interactions


def examples_of(interactions: pd.DataFrame, items: int, protocol: str) -> Examples:
    """Cut the training sequences and validation cases of `protocol` (a split column of INTERACTIONS)."""
    item = interactions["item_idx"].to_numpy(np.int64)
    split = interactions[protocol].to_numpy()
    starts = np.flatnonzero(interactions["position"].to_numpy() == 0)
    sequences, histories, targets = [], [], []
    for first, end in zip(starts, [*starts[1:], len(item)], strict=True):
        user, part = item[first:end], split[first:end]
        train = user[part == schemas.TRAIN]
        if len(train) > 1:
            sequences.append(train)
        validation = np.flatnonzero(part == schemas.VALIDATION)
        validation = validation[validation > 0]  # a target needs a history
        asked = np.unique(np.linspace(0, len(validation) - 1, MOST_CASES_OF_A_USER).astype(np.int64))
        for event in validation[asked] if len(validation) else ():
            histories.append(user[:event])
            targets.append(user[event])
    if not sequences or not targets:
        raise UserError(f"protocol {protocol}: too few ratings to train and validate; add ratings")
    return Examples(items, sequences, histories, np.array(targets, np.int64))


def load_content() -> Content:
    """Read the features of every film of the vocabulary."""
    vocabulary = schemas.read_table(PROCESSED / "vocabulary.parquet", schemas.VOCABULARY)
    path = PROCESSED / "content_features.parquet"
    table = schemas.read_arrow(path, schemas.CONTENT)
    row_of = {movie_id: row for row, movie_id in enumerate(table["movie_id"].to_pylist())}
    try:
        rows = pa.array([row_of[movie_id] for movie_id in vocabulary["movie_id"]], pa.int64())
    except KeyError as missing:
        raise UserError(f"{path}: film {missing} of the vocabulary is missing; run `dvc repro`") from None
    table = table.take(rows)
    text = table["embedding"].combine_chunks().flatten().to_numpy().reshape(-1, schemas.EMBEDDING_SIZE)
    film_genres = table["genres"].to_pylist()
    names = sorted({genre for genres in film_genres for genre in genres or ()})
    genres = np.zeros((len(rows), len(names)), np.float32)
    for row, own in enumerate(film_genres):
        genres[row, [names.index(genre) for genre in own or ()]] = 1
    year = table["year"].to_pandas().fillna(FIRST_DECADE - 10).to_numpy(np.int64)
    decade = np.clip((year - FIRST_DECADE) // 10 + 1, 0, (LAST_DECADE - FIRST_DECADE) // 10 + 1)
    return Content(text.copy(), genres, decade)
