"""Content profiles: films by what they are about, for `inference.content_profile`. Nothing is learnt from ratings.

A film's vector is its text's embedding, as seen from the middle of the famous films and in fewer numbers, beside its
genres, a rare genre counting more (as terms do in tf-idf).
"""

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from movie_genie import weights
from movie_genie.artifacts import CONTENT_PROFILE
from movie_genie.config import ClosedFormConfig
from movie_genie.training.examples import Content, Examples

FAMOUS = 100
"""So many of the most rated films say what all films share."""

LEAST_LENGTH = 1e-4

Vectors = NDArray[np.float32]


class ContentProfile(ClosedFormConfig, extra="forbid"):
    """The settings in configs/two_tower.yaml, where each is explained."""

    text_dim: PositiveInt
    genre_weight: Annotated[float, Field(ge=0)]
    window: PositiveInt

    def fit_and_write(self, content: Content, examples: Examples, folder: Path) -> None:
        """Put the films' vectors together, and write them for `inference`."""
        famous = np.argsort(-examples.popularity, kind="stable")[:FAMOUS]
        vectors = [
            of_texts(content.text, famous, self.text_dim),
            self.genre_weight * of_genres(content.genres),
        ]
        about = {**self.model_dump(), "kind": CONTENT_PROFILE}
        weights.save(folder, {"film_vectors": np.concatenate(vectors, 1, dtype=np.float32)}, about)


def of_texts(text: Vectors, famous: NDArray[np.int64], dim: int) -> Vectors:
    """Texts from the middle of some films, in their main directions: (items, width), (n,) -> (items, dim), length 1."""
    centred = text - text[famous].mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)  # by growing variance
    # Which way a direction points is left to the library; its largest number is made to point up.
    directions *= np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(len(directions))])
    return _of_length_one(centred @ directions[:, : -dim - 1 : -1])


def of_genres(genres: Vectors) -> Vectors:
    """Each film's genres by the logarithm of how rare they are: (items, genres), length 1, or 0 without any."""
    rarity = np.log(len(genres) / np.maximum(genres.sum(axis=0), 1))
    return _of_length_one(genres * rarity)


def _of_length_one(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    # What is left of a text like all others is rounding.
    found: Vectors = np.where(lengths > LEAST_LENGTH, vectors / np.maximum(lengths, LEAST_LENGTH), 0)
    return found.astype(np.float32)
