"""How alike films are: by their texts, their genres, their directors, and who watches them; fame left out.

Many people watched what is famous, whatever else they watched: a measure of who watches both finds the same few films
beside each one. So each ingredient here is corrected for it.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from movie_genie.engine.catalogue import Catalogue
from movie_genie.inference.film_table import FilmTable
from movie_genie.inference.followers import Followers
from movie_genie.inference.two_stage import TwoStage

Floats = NDArray[np.float32]

TEXT, VIEWERS, FOLLOWERS, DIRECTOR = 0.4, 0.2, 0.3, 0.1
"""What each ingredient counts; they sum to 1."""

NO_GENRE = 0.3
"""What is left of the likeness of two films that share no genre, where the same genres leave all of it."""

FAMOUS = 100
"""So many of the most rated films say what fame looks like."""

LEAST_SQUARE = 0.01
"""Vectors of 8 bits a number are not exact enough to tell films apart that are nearer to the middle than its root."""

SUPPORT = 10
"""Who watches a film is believed in full with many more ratings than this, and half with just as many."""


@dataclass(frozen=True)
class Centred:
    """Cosines measured from the middle of the famous films, not from zero: what all of these share is no likeness."""

    cosines: Callable[[int], Floats]
    """Every film's cosine with one of them: (items,)."""
    shared: Floats
    """(items,) each film's product with the famous films' mean."""
    square: float
    """The mean's product with itself: the mean of the famous films' own products with it."""

    def __call__(self, item: int) -> Floats:
        """Every film's centred cosine with one of them: (items,), from -1 to 1."""
        products = self.cosines(item) - self.shared
        products += self.square - self.shared[item]
        found: Floats = products / (self._lengths * self._lengths[item])
        return np.clip(found, -1, 1, out=found)

    @cached_property
    def _lengths(self) -> Floats:
        """(items,) infinite for films in the middle itself: what is left of them there is rounding."""
        squares = 1 + self.square - 2 * self.shared
        lengths: Floats = np.where(squares > LEAST_SQUARE, np.sqrt(np.abs(squares)), np.inf).astype(
            np.float32
        )
        return lengths


class Likeness:
    """A release's films, ready to be compared. What it needs of all films is made when the first one is asked for."""

    def __init__(self, catalogue: Catalogue, two_stage: TwoStage, text: Floats) -> None:
        """`text` has the unit-length vectors of the films' texts: (items, width)."""
        self._catalogue, self._two_stage, self._text = catalogue, two_stage, text
        self._followers = [model for model in two_stage.models.values() if isinstance(model, Followers)]

    def of(self, item: int) -> Floats:
        """Every film's likeness to one of them: (items,), at most 1."""
        likeness = TEXT * self.by_text(item)
        likeness += VIEWERS * self._support * self.by_viewers(item)
        likeness += FOLLOWERS * self.by_followers(item)
        likeness += DIRECTOR * self.by_directors(item)
        # What is unlike already gets no less so by sharing no genre.
        likeness *= np.where(likeness > 0, NO_GENRE + (1 - NO_GENRE) * self.by_genres(item), np.float32(1))
        return likeness

    @cached_property
    def by_text(self) -> Centred:
        """Cosines of the films' texts; in 8 bits a number, as reading all of them takes most of the time."""
        table = FilmTable.of(np.asarray(self._text), np.zeros(len(self._text), np.float32))
        shared = table.scores(self._text[self._famous].mean(axis=0, keepdims=True))[0]
        return Centred(table.cosines, shared, float(shared[self._famous].mean()))

    @cached_property
    def by_viewers(self) -> Centred:
        """Cosines of the vectors that a model learned from who watches what."""
        cosines = self._two_stage.likeness
        shared: Floats = np.stack([cosines(item) for item in self._famous.tolist()]).mean(axis=0)
        return Centred(cosines, shared, float(shared[self._famous].mean()))

    def by_followers(self, item: int) -> Floats:
        """How strongly a film follows the other one or is followed by it, the less the more known it is, in [0, 1]."""
        found = np.zeros(len(self._catalogue), np.float32)
        for model in self._followers:
            for strength in (model.after(item), model.before(item)):
                corrected = strength * self._rarity
                found += corrected / (2 * len(self._followers) * max(corrected.max(initial=0), 1e-9))
        return found

    def by_directors(self, item: int) -> Floats:
        """1 for the films that share a director, else 0."""
        found = np.zeros(len(self._catalogue), np.float32)
        for name in self._catalogue.table["directors"][item].as_py() or ():
            found[self._directed.get(name, [])] = 1
        return found

    def by_genres(self, item: int) -> Floats:
        """How many of both films' genres they share (Jaccard's index); 0 where neither has any."""
        shared = self._genres @ self._genres[item]
        found: Floats = shared / np.maximum(self._genre_counts + self._genre_counts[item] - shared, 1)
        return found

    @cached_property
    def _famous(self) -> NDArray[np.int64]:
        return np.argsort(-self._catalogue.ratings_count, kind="stable")[:FAMOUS]

    @cached_property
    def _support(self) -> Floats:
        counts = self._catalogue.ratings_count
        support: Floats = (counts / (counts + SUPPORT)).astype(np.float32)
        return support

    @cached_property
    def _rarity(self) -> Floats:
        """A strength grows about with the root of how often a film is watched."""
        rarity: Floats = (1 / np.sqrt(self._catalogue.ratings_count + SUPPORT)).astype(np.float32)
        return rarity

    @cached_property
    def _genres(self) -> Floats:
        return self._catalogue.genre_matrix.astype(np.float32)

    @cached_property
    def _genre_counts(self) -> Floats:
        counts: Floats = self._genres.sum(axis=1)
        return counts

    @cached_property
    def _directed(self) -> dict[str, list[int]]:
        """The films of each director."""
        films: dict[str, list[int]] = defaultdict(list)
        for item, names in enumerate(self._catalogue.table["directors"].to_pylist()):
            for name in filter(None, names or ()):
                films[name].append(item)
        return films
