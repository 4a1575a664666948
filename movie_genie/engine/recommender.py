"""The two-stage engine: a history in, films with scores and reasons out. Knows no web framework."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from movie_genie.engine.catalogue import Catalogue, Items
from movie_genie.engine.diversity import diversify
from movie_genie.engine.likeness import Likeness
from movie_genie.engine.personas import Personas
from movie_genie.engine.records import Found, History, Mode, Reason, Recommended
from movie_genie.engine.search import Search
from movie_genie.inference.selection import top
from movie_genie.inference.two_stage import Ranking, TwoStage

TEXT_VECTORS = "text_embeddings.npy"

LIKED = 3.0
"""Stars from which on a film speaks for its viewer's taste."""

REASONS = 3
LEAST_SHARE = 0.03
POOL = 5
"""Diversity chooses among this many times the films asked for."""

GEM_RATINGS = 5
"""A hidden gem needs this many ratings for its average to mean something …"""

GEM_SHARE = 0.9
"""… and fewer than this share of the films with that many."""

PRIOR_RATINGS = 10
"""How many ratings at the overall mean are added before averages are compared (a Bayesian average)."""

GEM_QUALITY = 0.5
"""What a gem's average counts beside a viewer's affinity to it, both in deviations."""


@dataclass(slots=True)
class Taste:
    """A history as the engine reads it.

    Attributes
    ----------
    seen : (n,) int64
        Every film of the history, liked or not: none of them is recommended.
    items : (m,) int64
        The films that the models read, oldest first.
    """

    seen: Items
    items: Items


class Recommender:
    """One release, ready to answer. Holds no state of any viewer; safe to share between threads.

    Every method takes and gives public movie_ids. Films of a history that the release does not know are
    passed over. The models read films rated 3 stars or more, and no others: a newcomer whose first word is that
    they hated a film shall not get more like it. With no such film a viewer is answered as a stranger is.

    Attributes
    ----------
    release_id : str
    folder : Path
        The release's folder; `folder / "web"` is the web app.
    catalogue : Catalogue
        `catalogue.movie(movie_id)`, `catalogue.detail(movie_id)`, `catalogue.genre_counts()`.
    two_stage : TwoStage
    text : (items, 384) float32
        Unit-length embeddings of the films' texts.
    likeness : Likeness
        `likeness.of(item)`.
    personas : Personas
        `personas.page(page, per_page)`, `len(personas)`, `personas.get(id)`, `personas.history(id)`.
    """

    def __init__(self, folder: Path) -> None:
        """Open a release by memory map.

        Raises
        ------
        UserError
            When a file is missing or not what a release holds.
        """
        self.folder = folder
        self.release_id = folder.name
        self.catalogue = Catalogue.load(folder)
        self.personas = Personas(folder, self.catalogue)
        self.two_stage = TwoStage.of_release(folder)
        self.text: NDArray[np.float32] = np.load(folder / TEXT_VECTORS, mmap_mode="r")
        self._search = Search(folder, self.catalogue, self.text)
        self.likeness = Likeness(self.catalogue, self.two_stage, self.text)
        self._gems = _gems(self.catalogue)
        self._popular = np.argsort(-self.catalogue.popularity, kind="stable")

    def recommend(
        self,
        history: History,
        *,
        limit: int,
        exclude: Collection[int] = (),
        genre: str | None = None,
        diversity: float = 0.0,
    ) -> list[Recommended]:
        """What to watch next: retrieved, ranked and explained, best first.

        Parameters
        ----------
        history
            Oldest first; may be empty, then the answer is what the models give a stranger.
        exclude
            movie_ids not to recommend, beside all of the history.
        genre
            Only films of this genre.
        diversity
            From 0 (the best films) to 1 (the most different ones); see `diversify`.

        Raises
        ------
        UnknownGenreError
        """
        taste = self.taste(history)
        barred = taste.seen
        if exclude:
            barred = np.concatenate([barred, self.items(exclude)])
        if genre is not None:
            barred = np.concatenate([barred, np.flatnonzero(~self.catalogue.of_genre(genre))])
        pool = limit * POOL if diversity > 0 else limit
        ranking = self.two_stage.recommend(taste.items, pool, barred)
        items, scores = ranking.items, ranking.scores
        if diversity > 0:
            chosen = diversify(scores, self.text[items], limit, diversity)
            items, scores = items[chosen], scores[chosen]
        return self._explained(taste.items, ranking, items, scores)

    def similar(self, movie_id: int, limit: int, exclude: Collection[int] = ()) -> list[Recommended]:
        """Films like this one, as `Likeness` says; the score is their likeness.

        Raises
        ------
        UnknownFilmError
        """
        item = self.catalogue.item(movie_id)
        likeness = self.likeness.of(item)
        likeness[item] = -np.inf
        likeness[self.items(exclude)] = -np.inf
        best = top(likeness, limit)
        return [
            Recommended(found, score, [Reason(movie_id, min(score, 1.0))] if score > 0 else [])
            for found, score in zip(self._ids(best), likeness[best].tolist(), strict=True)
        ]

    def popular(
        self, limit: int, *, genre: str | None = None, exclude: Collection[int] = ()
    ) -> list[Recommended]:
        """What is rated most these days, perhaps of one genre; the score is the recent ratings' count.

        Raises
        ------
        UnknownGenreError
        """
        keep = np.ones(len(self.catalogue), bool) if genre is None else self.catalogue.of_genre(genre).copy()
        keep[self.items(exclude)] = False
        best = self._popular[keep[self._popular]][:limit]
        return self._unexplained(best, self.catalogue.popularity[best])

    def hidden_gems(self, history: History, limit: int, exclude: Collection[int] = ()) -> list[Recommended]:
        """Films rated highly by few: nearest the viewer's taste first, or best rated for a stranger."""
        taste = self.taste(history)
        value = self._gems.copy()
        if len(taste.items):
            value = GEM_QUALITY * value + self.affinity(taste)
        value[taste.seen] = -np.inf
        value[self.items(exclude)] = -np.inf
        best = top(value, limit)
        return self._unexplained(best, value[best])

    def search(
        self,
        query: str,
        *,
        mode: Mode = "hybrid",
        genre: str | None = None,
        year_from: int | None = None,
        year_to: int | None = None,
        limit: int,
        history: History | None = None,
    ) -> list[Found]:
        """Films whose title (one typing error allowed) or meaning fits the query, best first.

        With a history, films near the viewer's taste move up among those that fit about as well.

        Raises
        ------
        UnknownGenreError
        """
        keep = np.ones(len(self.catalogue), bool) if genre is None else self.catalogue.of_genre(genre).copy()
        years = self.catalogue.years
        if year_from is not None:
            keep &= years >= year_from
        if year_to is not None:
            keep &= (years <= year_to) & (years > 0)
        taste = self.taste(history or ())
        affinity = self.affinity(taste) if len(taste.items) else None
        return self._search.find(query, mode, keep, affinity, limit)

    def taste(self, history: History) -> Taste:
        """The history as item_idx arrays."""
        item_of = self.catalogue.item_of.get
        seen = [item for movie_id, _, _ in history if (item := item_of(movie_id)) is not None]
        liked = [
            item
            for movie_id, stars, _ in history
            if stars is not None and stars >= LIKED and (item := item_of(movie_id)) is not None
        ]
        return Taste(seen=np.array(seen, np.int64), items=np.array(liked, np.int64))

    def affinity(self, taste: Taste) -> NDArray[np.float32]:
        """How near every film is to a taste: (items,), mean 0 and deviation 1."""
        return self.two_stage.affinity(taste.items)

    def items(self, movie_ids: Iterable[int]) -> Items:
        """item_idx of the films that the release knows."""
        items = self.catalogue.items(list(movie_ids))
        return items[items >= 0]

    def _explained(
        self, history: Items, ranking: Ranking, items: Items, scores: NDArray[np.float32]
    ) -> list[Recommended]:
        """Films with the history's films that contributed most to each, strongest first."""
        if len(history) == 0 or len(items) == 0:
            return self._unexplained(items, scores)
        places, shares = self.two_stage.reasons(history, ranking, items, REASONS)
        films, weights = self.catalogue.movie_ids[history[places]].tolist(), shares.tolist()
        answer = self._unexplained(items, scores)
        for film, contributors, shares_of_film in zip(answer, films, weights, strict=True):
            film.reasons = [
                Reason(contributor, share)
                for contributor, share in zip(contributors, shares_of_film, strict=True)
                if share >= LEAST_SHARE
            ]
        return answer

    def _unexplained(self, items: Items, scores: NDArray[np.floating]) -> list[Recommended]:
        return [
            Recommended(movie_id, score, [])
            for movie_id, score in zip(self._ids(items), scores.tolist(), strict=True)
        ]

    def _ids(self, items: Items) -> list[int]:
        ids: list[int] = self.catalogue.movie_ids[items].tolist()
        return ids


def _gems(catalogue: Catalogue) -> NDArray[np.float64]:
    """(items,) how good a hidden gem each film is, in deviations of the average; -inf where it is none."""
    counts = catalogue.ratings_count
    value = np.full(len(counts), -np.inf)
    rated = counts >= GEM_RATINGS
    if not rated.any():
        return value
    total = np.where(rated, np.nan_to_num(catalogue.average_rating) * counts, 0)
    mean = total.sum() / counts[rated].sum()
    average = (total + PRIOR_RATINGS * mean) / (counts + PRIOR_RATINGS)
    gem = rated & (counts <= np.quantile(counts[rated], GEM_SHARE)) & (average > mean)
    value[gem] = (average[gem] - mean) / max(average[rated].std(), 1e-9)
    return value
