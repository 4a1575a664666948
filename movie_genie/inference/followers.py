"""Which films follow each film, and how strongly: a table that closed forms leave, looked up for a history."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from movie_genie import weights
from movie_genie.history import History
from movie_genie.inference.compiled import (
    FLOAT32_MATRIX,
    FLOAT32_VECTOR,
    INT32_MATRIX,
    INT64,
    INT64_VECTOR,
    WRITTEN_VECTOR,
    Films,
    Floats,
    Items,
    compiled,
)
from movie_genie.inference.selection import taken


@dataclass(frozen=True)
class Followers:
    """Each film's strongest followers; a history's scores are sums over its latest films, older ones counting less."""

    films: Films
    """(items, kept) item_idx, strongest first."""
    strength: Floats
    """(items, kept); 0 for films that training does not know well enough."""
    decay: float
    """How much less a film counts for each step back."""
    window: int
    """After how many steps a film counts nothing."""

    @classmethod
    def load(cls, folder: Path, config: dict[str, Any], tensors: dict[str, Any]) -> "Followers":
        """Open a model's folder, whose config and tensors were read; see `models.load` for what it raises."""
        shape = tensors["films"].shape
        weights.check(folder, tensors, {"films": shape, "strength": shape}, indices={"films": shape[0]})
        decay, window = float(config["decay"]), int(config["window"])
        if len(shape) != 2 or shape[1] < 1 or window < 1:
            raise ValueError(f"a table of shape {shape} with a window of {window}")
        return cls(tensors["films"], tensors["strength"], decay, window)

    def __len__(self) -> int:
        """Size of the vocabulary."""
        return len(self.films)

    @cached_property
    def fading(self) -> Floats:
        """What is left of each of the latest films, the oldest first: (window,)."""
        return (self.decay ** np.arange(self.window - 1, -1, -1)).astype(np.float32)

    def read(self, histories: Sequence[History]) -> Floats:
        """How strongly the films in favour of each history are followed by each film: (cases, items)."""
        found = np.zeros((len(histories), len(self)), np.float32)
        for row, history in zip(found, histories, strict=True):
            add_scores(row, history.in_favour.items, self.films, self.strength, self.fading)
        return found

    def scores(self, read: Floats) -> Floats:
        """What was read: (cases, items)."""
        return read

    def scores_of(self, read: Floats, items: Items) -> Floats:
        """One history's scores of some films: (items,), (n,) -> (n,)."""
        return taken(read, items)

    def contributions(self, history: History, items: Items) -> Floats | None:
        """What each of the latest films in favour adds to the scores of `items`: (items, latest in favour)."""
        return parts(history.in_favour.items, items, self.films, self.strength, self.fading)

    def after(self, item: int) -> Floats:
        """How strongly each film follows this one: (items,), at least 0."""
        found = np.zeros(len(self), np.float32)
        found[self.films[item]] = np.maximum(self.strength[item], 0)
        return found

    def before(self, item: int) -> Floats:
        """How strongly this film follows each one: (items,), at least 0."""
        return followed(item, self.films, self.strength)

    def likeness(self, item: int) -> Floats | None:
        """None: who follows whom is no likeness."""
        return None


@compiled(WRITTEN_VECTOR, INT64_VECTOR, INT32_MATRIX, FLOAT32_MATRIX, FLOAT32_VECTOR)
def add_scores(scores: Floats, history: Items, films: Films, strength: Floats, fading: Floats) -> None:
    """Add a history's scores to (items,) numbers; films, strength and fading are a `Followers`'."""
    latest = min(len(history), len(fading))
    for age in range(latest):
        film, left = history[len(history) - 1 - age], fading[len(fading) - 1 - age]
        for place in range(films.shape[1]):
            scores[films[film, place]] += strength[film, place] * left


@compiled(INT64_VECTOR, INT64_VECTOR, INT32_MATRIX, FLOAT32_MATRIX, FLOAT32_VECTOR)
def parts(history: Items, items: Items, films: Films, strength: Floats, fading: Floats) -> Floats:
    """`Followers.contributions`."""
    latest = min(len(history), len(fading))
    found = np.zeros((len(items), latest), np.float32)
    wanted = np.zeros(len(films), np.bool_)
    for item in items:
        wanted[item] = True
    for age in range(latest):
        film, left = history[len(history) - 1 - age], fading[len(fading) - 1 - age]
        for place in range(films.shape[1]):
            follower = films[film, place]
            if wanted[follower]:
                for number in range(len(items)):
                    if items[number] == follower:
                        found[number, latest - 1 - age] = strength[film, place] * left
    return found


@compiled(INT64, INT32_MATRIX, FLOAT32_MATRIX)
def followed(item: int, films: Films, strength: Floats) -> Floats:
    """`Followers.before`."""
    found = np.zeros(len(films), np.float32)
    for film in range(len(films)):
        # The strongest comes first: a film that training did not know has none, and one look tells.
        if strength[film, 0] > 0:
            # No early end: without one, many places are compared at a time.
            found_at = -1
            for place in range(films.shape[1]):
                found_at = max(found_at, place if films[film, place] == item else -1)
            if found_at >= 0:
                found[film] = max(strength[film, found_at], np.float32(0))
    return found
