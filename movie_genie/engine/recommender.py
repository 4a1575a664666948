"""The two-stage engine: a history in, films with scores and reasons out. Knows no web framework."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from movie_genie.engine.catalogue import Catalogue, Items
from movie_genie.engine.diversity import diversify
from movie_genie.engine.likeness import Likeness
from movie_genie.engine.personas import Personas
from movie_genie.engine.records import Found, Mode, Ratings, Reason, Recommended
from movie_genie.engine.search import Search
from movie_genie.engine.taste import Taste, taste_of
from movie_genie.history import History
from movie_genie.inference.selection import top
from movie_genie.inference.two_stage import Ranking, TwoStage

TEXT_VECTORS = "text_embeddings.npy"

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


class Recommender:
    """One release, ready to answer. Holds no state of any viewer; safe to share between threads.

    Every method takes and gives public movie_ids. Films of a history that the release does not know are
    passed over. A model that is not told how films were rated reads those `in_favour`, and no others: a newcomer whose
    first word is that they hated a film shall not get more like it.

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

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        """Open a release by memory map.

        Parameters
        ----------
        clock
            Seconds since 1970: the moment of a question that names none.

        Raises
        ------
        UserError
            When a file is missing or not what a release holds.
        """
        self.folder = folder
        self._clock = clock
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
        ratings: Ratings,
        *,
        limit: int,
        exclude: Collection[int] = (),
        genre: str | None = None,
        diversity: float = 0.0,
        asked: int | None = None,
    ) -> list[Recommended]:
        """What to watch next: retrieved, ranked and explained, best first.

        Parameters
        ----------
        ratings
            Oldest first; may be empty, then the answer is what the models give a stranger.
        exclude
            movie_ids not to recommend, beside all of the history.
        genre
            Only films of this genre.
        diversity
            From 0 (the best films) to 1 (the most different ones); see `diversify`.
        asked
            The moment of the question, in seconds since 1970; now, if none is given.

        Raises
        ------
        UnknownGenreError
        """
        taste = self.taste(ratings, asked)
        barred = taste.seen
        if exclude:
            barred = np.concatenate([barred, self.items(exclude)])
        if genre is not None:
            barred = np.concatenate([barred, np.flatnonzero(~self.catalogue.of_genre(genre))])
        pool = limit * POOL if diversity > 0 else limit
        ranking = self.two_stage.recommend(taste.history, pool, barred)
        items, scores = ranking.items, ranking.scores
        if diversity > 0:
            chosen = diversify(scores, self.text[items], limit, diversity)
            items, scores = items[chosen], scores[chosen]
        return self._explained(taste.history, ranking, items, scores)

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
        """What is liked most these days, perhaps of one genre; the score is the catalogue's popularity.

        Raises
        ------
        UnknownGenreError
        """
        keep = np.ones(len(self.catalogue), bool) if genre is None else self.catalogue.of_genre(genre).copy()
        keep[self.items(exclude)] = False
        best = self._popular[keep[self._popular]][:limit]
        return self._unexplained(best, self.catalogue.popularity[best])

    def hidden_gems(self, ratings: Ratings, limit: int, exclude: Collection[int] = ()) -> list[Recommended]:
        """Films rated highly by few: nearest the viewer's taste first, or best rated for a stranger."""
        taste = self.taste(ratings)
        value = self._gems.copy()
        if len(taste.history.liked):
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
        ratings: Ratings = (),
    ) -> list[Found]:
        """Films whose title (one typing error allowed) or meaning fits the query, best first.

        With ratings, films near the viewer's taste move up among those that fit about as well.

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
        taste = self.taste(ratings)
        affinity = self.affinity(taste) if len(taste.history.liked) else None
        return self._search.find(query, mode, keep, affinity, limit)

    def taste(self, ratings: Ratings, asked: int | None = None) -> Taste:
        """The ratings as arrays, at the moment of a question; now, if none is given."""
        return taste_of(self.catalogue, ratings, int(self._clock()) if asked is None else asked)

    def predicted_rating(self, ratings: Ratings, movie_ids: Sequence[int]) -> list[float | None]:
        """The stars that a viewer will give each film.

        None of a film that is not known here or that they judged already, and of whoever rated nothing.
        """
        items = self.catalogue.items(list(movie_ids))
        taste = self.taste(ratings)
        asked = (items >= 0) & ~np.isin(items, taste.seen)
        stars = self.two_stage.stars_of(taste.history, items[asked]) if len(taste.history) else None
        found = iter(() if stars is None else stars.tolist())
        return [next(found, None) if wanted else None for wanted in asked.tolist()]

    def affinity(self, taste: Taste) -> NDArray[np.float32]:
        """How near every film is to a taste: (items,), mean 0 and deviation 1."""
        return self.two_stage.affinity(taste.history)

    def items(self, movie_ids: Iterable[int]) -> Items:
        """item_idx of the films that the release knows."""
        items = self.catalogue.items(list(movie_ids))
        return items[items >= 0]

    def _explained(
        self, history: History, ranking: Ranking, items: Items, scores: NDArray[np.float32]
    ) -> list[Recommended]:
        """Films with the liked films that contributed most to each, strongest first, and the stars they will get."""
        answer = self._unexplained(items, scores)
        if len(history) == 0 or len(items) == 0:
            return answer
        stars = self.two_stage.stars(ranking, items)
        if stars is not None:
            for film, predicted in zip(answer, stars.tolist(), strict=True):
                film.predicted_rating = predicted
        liked = history.liked.items
        if len(liked) == 0:
            return answer
        places, shares = self.two_stage.reasons(history, ranking, items, REASONS)
        films, weights = self.catalogue.movie_ids[liked[places]].tolist(), shares.tolist()
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
