"""Search by title and by meaning, together or each alone, nearer the viewer's taste where both fit."""

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from movie_genie.data.minilm import MiniLM
from movie_genie.engine.catalogue import Catalogue
from movie_genie.engine.records import Found, Mode
from movie_genie.engine.titles import Titles
from movie_genie.engine.word_index import WordIndex

MIN_COSINE, MIN_COVERAGE = 0.15, 0.5
"""A film below both has nothing to do with the query: see `_by_meaning`."""

COSINE_WEIGHT, COVERAGE_WEIGHT, KNOWN_WEIGHT = 0.65, 0.32, 0.03
"""Of a score by meaning: the cosine of the texts, the share of the query's words, how well known the film is.

Chosen on fifty plots in plain words (ml-latest-small with TMDB's texts): the right film is among the first five for
30 of them by the cosine alone, for 48 by the three together; of fifty others, written afterwards, for 41.
"""

TEXT_MODEL = "text_model"

AFFINITY_WEIGHT = 0.02
"""What a standard deviation of a viewer's affinity adds to a score, up to two: enough to order equal scores."""


class Search:
    """Both indexes of one release; each is built when first asked for."""

    def __init__(self, release: Path, catalogue: Catalogue, text: NDArray[np.float32]) -> None:
        self._release = release
        self._catalogue = catalogue
        self._text = text  # (items, 384), unit length
        known = np.log1p(catalogue.ratings_count)
        self._known = known / max(known.max(initial=0), 1e-9)
        self._lock = threading.Lock()
        self._titles: Titles | None = None
        self._meaning: tuple[MiniLM, WordIndex] | None = None

    def find(
        self,
        query: str,
        mode: Mode,
        keep: NDArray[np.bool_],
        affinity: NDArray[np.float32] | None,
        limit: int,
    ) -> list[Found]:
        """The films in `keep` that fit the query, best first.

        Parameters
        ----------
        keep : (items,) bool
        affinity : (items,) float or None
            Of the viewer, in standard deviations.
        """
        if not query.strip():
            return []
        nothing = np.zeros(len(self._catalogue))
        title = nothing if mode == "semantic" else self.titles().scores(query)
        meaning = nothing if mode == "title" else self._by_meaning(query)
        score = np.maximum(title, meaning)
        found = keep & (score > 0)
        if affinity is not None:
            score = score + AFFINITY_WEIGHT * np.clip(affinity, -2, 2)
        items = np.flatnonzero(found)
        best = items[np.argsort(-score[items], kind="stable")][:limit]
        return [
            Found(
                movie_id=self._catalogue.movies[item].movie_id,
                score=min(max(float(score[item]), 0.0), 1.0),
                matched="title" if title[item] >= meaning[item] else "meaning",
            )
            for item in best.tolist()
        ]

    def titles(self) -> Titles:
        """The index of titles."""
        with self._lock:
            if self._titles is None:
                self._titles = Titles(self._catalogue.movies, self._known)
            return self._titles

    def meaning(self) -> tuple[MiniLM, WordIndex]:
        """The text model and the index of words."""
        with self._lock:
            if self._meaning is None:
                self._meaning = (
                    MiniLM.load(self._release / TEXT_MODEL),
                    WordIndex(self._release, len(self._catalogue)),
                )
            return self._meaning

    def _by_meaning(self, query: str) -> NDArray[np.float64]:
        """How well each film's text fits: (items,) in [0, 1], 0 where it does not."""
        encoder, words = self.meaning()
        cosine, coverage = self._text @ encoder.vector(query), words.coverage(query)
        fit: NDArray[np.float64] = COSINE_WEIGHT * np.maximum(cosine, 0) + COVERAGE_WEIGHT * coverage
        fit += KNOWN_WEIGHT * self._known
        fit[(cosine < MIN_COSINE) & (coverage < MIN_COVERAGE)] = 0
        return fit
