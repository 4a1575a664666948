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
        return cls(FilmTable.of(tensors["film_vectors"], np.zeros(items, np.float32)), int(config["window"]))

    def __len__(self) -> int:
        """Size of the vocabulary."""
        return len(self.films)

    def read(self, histories: Sequence[History]) -> Floats:
        """The profile of each history: (cases, dim)."""
        profiles = np.zeros((len(histories), self.films.codes.shape[1]), np.float32)
        for profile, history in zip(profiles, histories, strict=True):
            latest = history.latest(self.window)
            if len(latest):
                says = np.minimum(latest.stars - np.float32(NEUTRAL), np.float32(1))
                np.dot(says, self.films.vectors(latest.items), out=profile)
        return profiles

    def scores(self, read: Floats) -> Floats:
        """How near each film is to each profile: (cases, dim) -> (cases, items)."""
        return self.films.scores(read)

    def scores_of(self, read: Floats, items: Items) -> Floats:
        """How near some films are to one profile: (dim,), (n,) -> (n,)."""
        return self.films.scores_of(read, items)

    @property
    def predicts_stars(self) -> bool:
        """No."""
        return False

    def stars(self, read: Floats, items: Items) -> Floats:
        """Not to be asked."""
        raise NotImplementedError

    def contributions(self, liked: Items, items: Items) -> Floats | None:
        """How near each of the latest liked films is to each of `items`: (items, latest)."""
        latest = liked[-self.window :]
        found: Floats = self.films.vectors(items) @ self.films.vectors(latest).T
        return found

    def likeness(self, item: int) -> Floats | None:
        """None: a film's page compares texts and genres itself."""
        return None
