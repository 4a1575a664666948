"""EASE (Steck 2019) as a candidate source: which films are watched by the same people, whatever the order.

Beside the sequential ridge, which asks what comes next, it remembers what lies long back. Of each film's weights only
the largest are kept, as of the ridge's.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from movie_genie import weights
from movie_genie.artifacts import FOLLOWERS
from movie_genie.config import ClosedFormConfig
from movie_genie.history import History
from movie_genie.retrieval.follower_table import most_rated, strongest
from movie_genie.training.examples import Content, Examples


class Ease(ClosedFormConfig, extra="forbid"):
    """The source's settings in configs/two_tower.yaml, where each is explained."""

    films: PositiveInt
    kept: PositiveInt
    decay: Annotated[float, Field(gt=0, le=1)]
    window: PositiveInt
    regularisation: PositiveFloat

    def fit_and_write(self, content: Content, examples: Examples, folder: Path) -> None:
        """Solve one protocol's training events, and write the weights for `inference`."""
        films, strength = fit(self, examples.sequences, examples.items)
        weights.save(folder, {"films": films, "strength": strength}, {**self.model_dump(), "kind": FOLLOWERS})


def fit(
    config: Ease, sequences: Sequence[History], items: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Solve equation 8 over the films rated most, and keep each one's strongest companions.

    With P = (X'X + λI)⁻¹ for the binary matrix X (users, films), the weight from film i to film j is
    -P[i, j] / P[j, j].

    Returns
    -------
    (items, kept) int32, (items, kept) float32
        See `strongest`.
    """
    films = np.concatenate([own.items for own in sequences])
    counts = np.bincount(films, minlength=items)
    known, column = most_rated(counts, config.films)
    users = np.repeat(np.arange(len(sequences)), [len(own) for own in sequences])
    use = column[films] >= 0
    ones = np.ones(int(use.sum()), np.float32)
    rated = csr_matrix((ones, (users[use], column[films[use]])), shape=(len(sequences), len(known)))
    gram = (rated.T @ rated).toarray()
    gram[np.diag_indices_from(gram)] += config.regularisation
    factor = cho_factor(gram, overwrite_a=True, check_finite=False)
    identity = np.eye(len(known), dtype=np.float32)
    inverse = cho_solve(factor, identity, overwrite_b=True, check_finite=False).astype(np.float32, copy=False)
    inverse /= -np.diagonal(inverse).copy()
    np.fill_diagonal(inverse, 0)
    return strongest(inverse, known, items, config.kept)
