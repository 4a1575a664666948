"""Tables turned into the arrays that a training reads."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from movie_genie.data import schemas
from movie_genie.data.cases import Cases, held_out, training_sequences
from movie_genie.data.dataset import text_vectors
from movie_genie.data.star_biases import usual_stars
from movie_genie.errors import UserError
from movie_genie.history import History

Items = NDArray[np.int64]

FIRST_DECADE, LAST_DECADE = 1900, 2030


@dataclass(frozen=True)
class Examples:
    """What one protocol lets a model see."""

    items: int
    """Size of the vocabulary."""
    sequences: list[History]
    """One a user: the training events, oldest first; asked when the last one happened."""
    validation: Cases

    @property
    def usual_stars(self) -> NDArray[np.float32]:
        """The stars that each film usually gets: (items,)."""
        return usual_stars(self.sequences, self.items)

    @property
    def popularity(self) -> Items:
        """How often training holds each film: (items,)."""
        return np.bincount(np.concatenate([own.items for own in self.sequences]), minlength=self.items)


@dataclass(frozen=True)
class Content:
    """What is known of each film, in the order of the vocabulary."""

    text: NDArray[np.float32]
    """(items, 384) embedding of the film's text."""
    genres: NDArray[np.float32]
    """(items, genres) 1 where the film has the genre."""
    decade: Items
    """(items,) decades since 1900, 0 where the year is unknown."""


def examples_of(interactions: pd.DataFrame, items: int, protocol: str) -> Examples:
    """Take the training sequences and validation cases of `protocol` (a split column of INTERACTIONS).

    Raises
    ------
    UserError
        When one of both is empty.
    """
    sequences = [own for own in training_sequences(interactions, protocol) if len(own) > 1]
    validation = held_out(interactions, protocol, schemas.VALIDATION)
    if not sequences or not len(validation):
        raise UserError(f"protocol {protocol}: too few ratings to train and validate; add ratings")
    return Examples(items, sequences, validation)


def content_of(films: pa.Table) -> Content:
    """Turn what is known of the films (CONTENT, in the order of the vocabulary) into arrays."""
    film_genres = films["genres"].to_pylist()
    names = sorted({genre for genres in film_genres for genre in genres or ()})
    genres = np.zeros((len(films), len(names)), np.float32)
    for row, own in enumerate(film_genres):
        genres[row, [names.index(genre) for genre in own or ()]] = 1
    year = films["year"].to_pandas().fillna(FIRST_DECADE - 10).to_numpy(np.int64)
    decade = np.clip((year - FIRST_DECADE) // 10 + 1, 0, (LAST_DECADE - FIRST_DECADE) // 10 + 1)
    return Content(text_vectors(films).copy(), genres, decade)
