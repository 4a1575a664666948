"""The films of a release: cards held in memory, details read from a memory map when asked for."""

from collections.abc import Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from movie_genie.artifacts import CATALOGUE_FILE
from movie_genie.engine.records import GenreCount, Movie, UnknownFilmError, UnknownGenreError
from movie_genie.engine.schemas import CATALOGUE
from movie_genie.errors import UserError

Items = NDArray[np.int64]
"""item_idx values, in an order that the giver says."""


def map_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Open an Arrow file by memory map: its bytes are shared by every process that does the same.

    Raises
    ------
    UserError
        When the file is missing, is no Arrow file, or has another schema.
    """
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except FileNotFoundError:
        raise UserError(f"{path}: not found") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path}: not a readable Arrow file: {error}") from error
    if not table.schema.equals(schema):
        raise UserError(f"{path}: has other columns than a release's {path.name}")
    return table


class Catalogue:
    """Films by item_idx and by movie_id, and what the engine must know of all of them at once.

    Attributes
    ----------
    table : pa.Table
        The rows under CATALOGUE, at their item_idx; in the memory map.
    movies : list of Movie
        One a film, at its item_idx.
    item_of : dict
        movie_id -> item_idx.
    movie_ids : (items,) int64
    years : (items,) int64
        0 where unknown.
    ratings_count : (items,) int64
        By the data set's own users, as is the average.
    average_rating : (items,) float64
        NaN without ratings.
    popularity : (items,) float64
        How many liked it, older ratings counting less.
    genres : list of str
        In alphabetical order.
    genre_matrix : (items, genres) bool
    """

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.movie_ids = column(table, "movie_id").astype(np.int64)
        ids = self.movie_ids.tolist()
        # many films have the same genres
        shared: dict[tuple[str, ...], tuple[str, ...]] = {}
        genres = [shared.setdefault(key, key) for key in map(tuple, table["genres"].to_pylist())]
        titles, years, posters = (table[name].to_pylist() for name in ("title", "year", "poster_path"))
        self.movies = list(map(Movie, ids, titles, years, genres, posters))
        self.item_of = {movie_id: item for item, movie_id in enumerate(ids)}
        self.years = np.array([movie.year or 0 for movie in self.movies], np.int64)
        self.ratings_count = column(table, "ratings_count").astype(np.int64)
        averages = table["average_rating"].to_pylist()
        self.average_rating = np.array([np.nan if mean is None else mean for mean in averages], np.float64)
        self.popularity = column(table, "popularity").astype(np.float64)
        self.genres = sorted({genre for key in shared for genre in key})
        self.genre_matrix = np.zeros((len(ids), len(self.genres)), bool)
        place = {genre: number for number, genre in enumerate(self.genres)}
        for item, names in enumerate(genres):
            self.genre_matrix[item, [place[name] for name in names]] = True
        total = max(self.ratings_count.sum(), 1)
        self._usual_shares = self.ratings_count @ self.genre_matrix / total  # (genres,)

    @classmethod
    def load(cls, release: Path) -> "Catalogue":
        """Open the catalogue of a release's folder."""
        return cls(map_table(release / CATALOGUE_FILE, CATALOGUE))

    def __len__(self) -> int:
        return len(self.movies)

    def items(self, movie_ids: Sequence[int]) -> Items:
        """The films' item_idx, -1 for those that the release does not know."""
        return np.fromiter(map(self.item_of.get, movie_ids, repeat(-1)), np.int64, len(movie_ids))

    def item(self, movie_id: int) -> int:
        """The film's item_idx.

        Raises
        ------
        UnknownFilmError
        """
        try:
            return self.item_of[movie_id]
        except KeyError:
            raise UnknownFilmError(movie_id) from None

    def movie(self, movie_id: int) -> Movie:
        """What the film's card shows.

        Raises
        ------
        UnknownFilmError
        """
        return self.movies[self.item(movie_id)]

    def detail(self, movie_id: int) -> dict[str, Any]:  # Any: as the schema says
        """All that the release knows of a film: its row under CATALOGUE, an empty list where there is none.

        Raises
        ------
        UnknownFilmError
        """
        item = self.item(movie_id)
        (row,) = self.table.slice(item, 1).to_pylist()
        lists = [field.name for field in CATALOGUE if pa.types.is_list(field.type)]
        return {**row, **{name: row[name] or [] for name in lists}}

    def of_genre(self, genre: str) -> NDArray[np.bool_]:
        """Which films have the genre: (items,) bool.

        Raises
        ------
        UnknownGenreError
        """
        try:
            return self.genre_matrix[:, self.genres.index(genre)]
        except ValueError:
            raise UnknownGenreError(genre) from None

    def genre_counts(self) -> list[GenreCount]:
        """Every genre with its number of films, the largest first."""
        counts = self.genre_matrix.sum(axis=0)
        order = np.argsort(-counts, kind="stable")
        return [GenreCount(self.genres[place], int(counts[place])) for place in order]

    def favourite_genres(self, items: Items, ratings: NDArray[np.float64], limit: int) -> list[str]:
        """Genres that a user's liked films have more often than everybody's ratings have, at least twice.

        A film is liked at or above the user's own mean. The measure is the difference of the two shares, not
        their quotient, which would name rare genres after a single film.

        Parameters
        ----------
        items, ratings : (n,)
            The films and their stars.
        """
        liked = items[ratings >= ratings.mean()] if len(items) else items
        counts = self.genre_matrix[liked].sum(axis=0)
        surplus = counts / max(len(liked), 1) - self._usual_shares
        order = np.argsort(-surplus, kind="stable")
        return [self.genres[place] for place in order if surplus[place] > 0 and counts[place] >= 2][:limit]


def column(table: pa.Table, name: str) -> NDArray[Any]:  # Any: as the schema says
    """A numeric column without nulls, not copied. pyarrow's own way would import pandas: 35 MB a process."""
    values: NDArray[Any] = np.from_dlpack(table[name].combine_chunks())
    return values
