"""Closed forms whose outcome is a table of each film's strongest followers, which `inference.followers` looks up."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt

from movie_genie import weights
from movie_genie.artifacts import FOLLOWERS
from movie_genie.config import ClosedFormConfig
from movie_genie.training.examples import Content, Examples

Items = NDArray[np.int64]

Table = tuple[NDArray[np.int32], NDArray[np.float32]]
"""(items, kept) item_idx of each film's followers, strongest first; (items, kept) how strongly, 0 for unknown films."""


class FollowerTable(ClosedFormConfig, extra="forbid"):
    """The source's settings in configs/two_tower.yaml, where each is explained."""

    films: PositiveInt
    kept: PositiveInt
    decay: Annotated[float, Field(gt=0, le=1)]
    window: PositiveInt
    regularisation: PositiveFloat

    def fit_and_write(self, content: Content, examples: Examples, folder: Path) -> None:
        """Solve one protocol's training events, and write the table for `inference`."""
        films, strength = self.solve([own.items for own in examples.sequences], examples.items)
        weights.save(folder, {"films": films, "strength": strength}, {**self.model_dump(), "kind": FOLLOWERS})

    @abstractmethod
    def solve(self, sequences: Sequence[Items], items: int) -> Table:
        """What follows what; one (time,) int a user, oldest first, and the vocabulary's size."""


def most_rated(counts: NDArray[np.int64], films: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The films rated most, of those rated at all.

    Returns
    -------
    (known,) int64
        item_idx, ascending.
    (items,) int64
        Each film's place among them; -1 where it is none.
    """
    known = np.sort(np.argsort(-counts, kind="stable")[: min(films, np.count_nonzero(counts))])
    column = np.full(len(counts), -1)
    column[known] = np.arange(len(known))
    return known, column


def strongest(solved: NDArray[np.float32], known: NDArray[np.int64], items: int, kept: int) -> Table:
    """Keep each known film's largest weights: (known, known), row by row."""
    kept = min(kept, len(known))
    best = np.argsort(-solved, axis=1, kind="stable")[:, :kept]
    films, strength = np.zeros((items, kept), np.int32), np.zeros((items, kept), np.float32)
    films[known] = known[best]
    strength[known] = np.take_along_axis(solved, best, 1)
    return films, strength
