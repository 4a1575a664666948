"""Which words stand in which films' texts: in a search by meaning, what one vector a film does not hold."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import snowballstemmer
from numpy.typing import NDArray

from movie_genie.engine.catalogue import map_table
from movie_genie.engine.schemas import WORD_INDEX
from movie_genie.engine.titles import words

FILE = "word_index.arrow"
MAX_WORDS = 60


def stems(text: str) -> list[str]:
    """The stems of the text's English words, each once (the Snowball stemmer, Porter 2001).

    >>> stems("Dreams of dreaming cities")
    ['dream', 'of', 'citi']
    """
    return list(dict.fromkeys(map(_stem, words(text))))


_stem: Callable[[str], str] = lru_cache(100_000)(snowballstemmer.stemmer("english").stemWord)


def table_of(texts: Iterable[str]) -> dict[str, pa.Array]:
    """The columns of WORD_INDEX for the films' texts, in the order of item_idx."""
    films: dict[str, list[int]] = defaultdict(list)
    for item, text in enumerate(texts):
        for stem in stems(text):
            films[stem].append(item)
    known = sorted(films)
    return {
        "word": pa.array(known, pa.string()),
        "films": pa.array([films[word] for word in known], pa.list_(pa.int32())),
    }


class WordIndex:
    """The index of a release; the films of each word stay in a memory map."""

    def __init__(self, release: Path, items: int) -> None:
        table = map_table(release / FILE, WORD_INDEX)
        films = table["films"].combine_chunks()
        self._items = items
        self._row = {word: row for row, word in enumerate(table["word"].to_pylist())}
        self._first = np.from_dlpack(films.offsets)
        self._films = np.from_dlpack(films.values)

    def coverage(self, query: str) -> NDArray[np.float64]:
        """The share of the query's words that stand in each film's text: (items,) in [0, 1].

        Words are weighed by their rarity (inverse document frequency; Sparck Jones 1972).
        """
        covered, total = np.zeros(self._items), 0.0
        for stem in stems(query)[:MAX_WORDS]:
            row = self._row.get(stem)
            films = (
                self._films[self._first[row] : self._first[row + 1]] if row is not None else self._films[:0]
            )
            weight = float(np.log1p(self._items / (len(films) + 0.5)))
            covered[films] += weight
            total += weight
        return covered / max(total, 1e-9)
