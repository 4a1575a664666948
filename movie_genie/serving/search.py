"""Search by title and by meaning, together or each alone, nearer the viewer's taste where both fit."""

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from movie_genie.serving.catalogue import Catalogue
from movie_genie.serving.query_encoder import QueryEncoder
from movie_genie.serving.records import Found, Mode
from movie_genie.serving.titles import Titles

LEAST_MEANING = 0.15
"""Below this cosine, two texts have nothing to do with each other (all-MiniLM-L6-v2)."""

TASTE = 0.02
"""What a deviation of a viewer's affinity adds to a score, up to two deviations: enough to order equals."""


class Search:
    """Both indexes of one release; each is built when first asked for."""

    def __init__(self, catalogue: Catalogue, text: NDArray[np.float32], encoder: Path) -> None:
        self._catalogue = catalogue
        self._text = text  # (items, 384), unit length
        self._encoder_folder = encoder
        self._lock = threading.Lock()
        self._titles: Titles | None = None
        self._encoder: QueryEncoder | None = None

    def find(
        self,
        query: str,
        mode: Mode,
        keep: NDArray[np.bool_],
        affinity: NDArray[np.float64] | None,
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
        meaning = nothing if mode == "title" else self._meaning(query)
        score = np.maximum(title, meaning)
        found = keep & (score > 0)
        if affinity is not None:
            score = score + TASTE * np.clip(affinity, -2, 2)
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
                self._titles = Titles(self._catalogue.movies, self._catalogue.popularity)
            return self._titles

    def _meaning(self, query: str) -> NDArray[np.float64]:
        """Cosine of the query's text with each film's: (items,), 0 where it says nothing."""
        with self._lock:
            if self._encoder is None:
                self._encoder = QueryEncoder.load(self._encoder_folder)
        cosine: NDArray[np.float64] = (self._text @ self._encoder.encode(query)).astype(np.float64)
        cosine[cosine < LEAST_MEANING] = 0
        return cosine
