"""Find films by title, with a typing error, a missing space, half a word, or words in another order."""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from movie_genie.data.film_titles import main_title, spellings
from movie_genie.engine.records import Movie

ARTICLES = (["the"], ["a"], ["an"])
MAX_WORDS = 12
MIN_TYPO_LENGTH = 3
MIN_PREFIX_LENGTH = 2
LAST_LETTER = "\U0010ffff"
"""Sorts after every letter."""

PREFIX_MATCH, TYPO_MATCH = 0.9, 0.8
"""What a word counts that only begins as asked, or is one edit away (optimal string alignment)."""

QUERY_WEIGHT, TITLE_WEIGHT, KNOWN_WEIGHT = 0.75, 0.15, 0.10
"""Of the score: how much of the query is in the title, how much of the title in the query, how well known it is."""


def words(text: str) -> list[str]:
    """Lower-case words of letters and digits, without accents and apostrophes.

    >>> words("Amélie's Ocean, The (1999)")
    ['amelies', 'ocean', 'the', '1999']
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.findall(r"\w+", re.sub(r"['’`]", "", plain))


def as_one_word(title: str) -> set[str]:
    """How a title is typed without spaces: all of it, each name in its brackets, up to its colon, without its article.

    >>> sorted(as_one_word("The Matrix: Reloaded"))
    ['matrix', 'thematrix', 'thematrixreloaded']
    """
    front = words(re.split(r":| - ", main_title(title))[0])
    return spellings(title) | {"".join(front), "".join(front[1:] if front[:1] in ARTICLES else front)}


class Titles:
    """An index of the words in films' titles and of the titles written as one word."""

    def __init__(self, movies: Sequence[Movie], known: NDArray[np.float64]) -> None:
        """`known` is how well known each film is: (items,) in [0, 1]."""
        postings: dict[str, list[int]] = defaultdict(list)
        joined: dict[str, list[int]] = defaultdict(list)
        for item, movie in enumerate(movies):
            for word in {*words(movie.title), *([str(movie.year)] if movie.year else [])}:
                postings[word].append(item)
            for form in as_one_word(movie.title):
                joined[form].append(item)
        # sorted, so that words with the same beginning stand side by side
        self._words = sorted(postings)
        self._films = [np.array(postings[word]) for word in self._words]
        self._joined, self._joined_films = list(joined), list(joined.values())
        rarity = np.log1p(len(movies) / np.array([len(films) for films in self._films] or [1]))
        # the summed rarity of each title's words, the year not counted
        self._title_weight = np.zeros(len(movies))
        years = {str(movie.year) for movie in movies}
        for word, films, weight in zip(self._words, self._films, rarity, strict=False):
            if word not in years:
                self._title_weight[films] += weight
        self._known = known

    def scores(self, query: str) -> NDArray[np.float64]:
        """How well each title fits: (items,) in [0, 1], 0 where less than half of the query is in it.

        The words are weighed by their rarity (inverse document frequency), so that "the" decides nothing.
        """
        asked = list(dict.fromkeys(words(query)))[:MAX_WORDS]
        covered = np.zeros(len(self._title_weight))
        total = 0.0
        if asked and self._words:
            distances = process.cdist(asked, self._words, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
            for word, distance in zip(asked, distances, strict=True):
                hit = self._hits(word, distance)
                weight = float(np.log1p(len(hit) / max((hit > 0).sum(), 1)))
                covered += weight * hit
                total += weight
        share = covered / max(total, 1e-9)
        of_title = np.minimum(covered / np.maximum(self._title_weight, 1e-9), 1)
        for item, likeness in self._one_word("".join(asked)).items():
            share[item], of_title[item] = max(share[item], likeness), max(of_title[item], likeness)
        fit: NDArray[np.float64] = share * (
            QUERY_WEIGHT + TITLE_WEIGHT * of_title + KNOWN_WEIGHT * self._known
        )
        fit[share < 0.5] = 0
        return fit

    def _hits(self, asked: str, distance: NDArray[np.uint8]) -> NDArray[np.float64]:
        """How well the best word of each title fits one word of the query: (items,) in [0, 1]."""
        hit = np.zeros(len(self._title_weight))
        fits: dict[int, float] = {}
        if len(asked) >= MIN_TYPO_LENGTH:
            fits = dict.fromkeys(np.flatnonzero(distance == 1).tolist(), TYPO_MATCH)
        if len(asked) >= MIN_PREFIX_LENGTH:
            end = bisect_left(self._words, asked + LAST_LETTER)
            fits.update(dict.fromkeys(range(bisect_left(self._words, asked), end), PREFIX_MATCH))
        fits.update(dict.fromkeys(np.flatnonzero(distance == 0).tolist(), 1.0))
        for place, fit in fits.items():
            films = self._films[place]
            hit[films] = np.maximum(hit[films], fit)
        return hit

    def _one_word(self, asked: str) -> dict[int, float]:
        """Films whose title, written as one word, is the query or one edit away."""
        if len(asked) < MIN_TYPO_LENGTH or not self._joined:
            return {}
        (distances,) = process.cdist(
            [asked], self._joined, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8
        )
        found: dict[int, float] = {}
        for place in np.flatnonzero(distances <= 1).tolist():
            fit = 1.0 if distances[place] == 0 else TYPO_MATCH
            for item in self._joined_films[place]:
                found[item] = max(fit, found.get(item, 0))
        return found
