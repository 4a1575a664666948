"""What a viewer's films are about: the sum of the liked ones' content vectors, less those of the disliked ones.

No film has to be known by many, and one rating is enough: a newcomer's few ratings are taken at their word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from movie_genie import weights
from movie_genie.history import History
from movie_genie.inference.compiled import Floats, Items
from movie_genie.inference.film_table import FilmTable

NEUTRAL = 2.75
"""Stars that say nothing. With one more a film speaks for its like, and no louder with two; with less, against it."""

CLEAR = 0.25
"""From how much likeness on the liked films say the same: the mean product of their weighted vectors, two by two, as a
share of their mean square; the mean cosine, where all are loved. Films of one genre have about .3, the latest five of
MovieLens's users .1 (docs/experiments.md)."""

OF_ONE_FILM = 0.25
"""How clear a taste of one film is, or of hated ones only."""


@dataclass(frozen=True)
class ContentProfile:
    """Content vectors of all films, as `retrieval.content_profile` wrote them."""

    films: FilmTable
    window: int
    """The latest films of a history that count."""

    @classmethod
    def load(cls, folder: Path, config: dict[str, Any], tensors: dict[str, Any]) -> "ContentProfile":
        """Open a model's folder, whose config and tensors were read; see `models.load` for what it raises."""
        items, dim = tensors["film_vectors"].shape
        weights.check(folder, tensors, {"film_vectors": (items, dim)})
        window = int(config["window"])
        if window < 1:
            raise ValueError(f"a window of {window}")
        return cls(FilmTable.of(tensors["film_vectors"], np.zeros(items, np.float32)), window)

    def __len__(self) -> int:
        """Size of the vocabulary."""
        return len(self.films)

    def read(self, histories: Sequence[History]) -> Floats:
        """The profile of each history, and how clear it is: (cases, dim + 1)."""
        read = np.zeros((len(histories), self.films.codes.shape[1] + 1), np.float32)
        for row, history in zip(read, histories, strict=True):
            latest = history.latest(self.window)
            if len(latest):
                vectors = self._weighted(latest)
                vectors.sum(axis=0, out=row[:-1])
                row[-1] = clarity(vectors[latest.stars > NEUTRAL])
        return read

    def _weighted(self, history: History) -> Floats:
        """The films' vectors, each times what its stars say: (films, dim)."""
        says = np.minimum(history.stars - np.float32(NEUTRAL), np.float32(1))
        weighted: Floats = self.films.vectors(history.items) * says[:, None]
        return weighted

    def scores(self, read: Floats) -> Floats:
        """How near each film is to each profile: (cases, dim + 1) -> (cases, items)."""
        return self.films.scores(np.ascontiguousarray(read[:, :-1]))

    def scores_of(self, read: Floats, items: Items) -> Floats:
        """How near some films are to one profile: (dim + 1,), (n,) -> (n,)."""
        return self.films.scores_of(read[:-1], items)

    def contributions(self, history: History, items: Items) -> Floats | None:
        """What each liked film among the latest adds to the scores of `items`: (items, latest liked)."""
        liked = history.latest(self.window).liked
        found: Floats = self.films.vectors(items) @ self._weighted(liked).T
        return found

    def likeness(self, item: int) -> Floats | None:
        """None: a film's page compares texts and genres itself."""
        return None


def clarity_of(read: Floats) -> float:
    """How clear the taste is that a `ContentProfile` read: (dim + 1,) -> 0 to 1."""
    return float(read[-1])


def clarity(vectors: Floats) -> float:
    """How much the liked films say the same, from 0 to 1: (liked, dim) weighted vectors."""
    if len(vectors) < 2:
        return OF_ONE_FILM
    whole, squares = vectors.sum(axis=0), float(np.vdot(vectors, vectors))
    cosine = (float(whole @ whole) - squares) / max(squares * (len(vectors) - 1), 1e-9)
    return min(max(cosine / CLEAR, 0.0), 1.0) ** 2
