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
from movie_genie.inference.compiled import (
    FLOAT32,
    FLOAT32_VECTOR,
    INT8_MATRIX,
    INT64_VECTOR,
    WRITTEN_VECTOR,
    Codes,
    Floats,
    Items,
    compiled,
)
from movie_genie.inference.film_table import FilmTable, codes_dot

NEUTRAL = 2.75
"""Stars that say nothing. With one more a film speaks for its like, and no louder with two; with less, against it."""

CLEAR = 0.25
"""From how much likeness on the liked films say the same: the mean product of their weighted vectors, two by two, as a
share of their mean square; the mean cosine, where all are loved. Films of one genre have about .3, the latest five of
MovieLens's users .1 (docs/experiments.md)."""

SHARPNESS = 4
"""How steeply a taste gets clear with that likeness."""

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
                profile(self.films.codes, self.films.steps, latest.items, latest.stars, row)
        return read

    def scores(self, read: Floats) -> Floats:
        """How near each film is to each profile: (cases, dim + 1) -> (cases, items)."""
        return self.films.scores(np.ascontiguousarray(read[:, :-1]))

    def scores_of(self, read: Floats, items: Items) -> Floats:
        """How near some films are to one profile: (dim + 1,), (n,) -> (n,)."""
        return self.films.scores_of(read[:-1], items)

    def contributions(self, history: History, items: Items) -> Floats | None:
        """What each film in favour among the latest adds to the scores of `items`: (items, latest in favour)."""
        read = history.latest(self.window).taken(history.favoured[-self.window :])
        return parts(self.films.codes, self.films.steps, read.items, read.stars, items)

    def likeness(self, item: int) -> Floats | None:
        """None: a film's page compares texts and genres itself."""
        return None


def clarity_of(read: Floats) -> float:
    """How clear the taste is that a `ContentProfile` read: (dim + 1,) -> 0 to 1."""
    return float(read[-1])


@compiled(FLOAT32)
def said_by(stars: np.float32) -> np.float32:
    """How much a film's stars say for its like, or against it."""
    return min(stars - np.float32(NEUTRAL), np.float32(1))


@compiled(INT8_MATRIX, FLOAT32_VECTOR, INT64_VECTOR, FLOAT32_VECTOR, WRITTEN_VECTOR)
def profile(codes: Codes, steps: Floats, history: Items, stars: Floats, read: Floats) -> None:
    """Put the sum of the vectors, each times what its stars say, into zeros; at the end, how clear the taste is."""
    dim = codes.shape[1]
    liked, squares, disliked = 0, np.float32(0), np.zeros(dim, np.float32)
    for place in range(len(history)):
        item, says = history[place], said_by(stars[place])
        factor, whole = says * steps[item], disliked
        if says > 0:
            liked += 1
            squares += factor * factor * np.float32(codes_dot(codes[item], codes[item]))
            whole = read
        for i in range(dim):
            whole[i] += factor * np.float32(codes[item, i])
    square_of_sum = np.float32(0)
    for i in range(dim):
        square_of_sum += read[i] * read[i]
        read[i] += disliked[i]
    if liked < 2:
        read[dim] = OF_ONE_FILM
    else:
        pairs = squares * np.float32(liked - 1)
        clear = (square_of_sum - squares) / (pairs * np.float32(CLEAR)) if pairs > 0 else 0
        read[dim] = min(max(clear, 0), 1) ** SHARPNESS


@compiled(INT8_MATRIX, FLOAT32_VECTOR, INT64_VECTOR, FLOAT32_VECTOR, INT64_VECTOR)
def parts(codes: Codes, steps: Floats, history: Items, stars: Floats, items: Items) -> Floats:
    """What each film of a history adds to the scores of `items`: (items, history)."""
    found = np.empty((len(items), len(history)), np.float32)
    for row in range(len(items)):
        for place in range(len(history)):
            item = history[place]
            product = np.float32(codes_dot(codes[items[row]], codes[item]))
            found[row, place] = steps[items[row]] * steps[item] * said_by(stars[place]) * product
    return found
