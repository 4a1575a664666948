"""What a data set looks like on disk: which files hold what, and which column is which."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from movie_genie.errors import UserError

NAMES = {
    "user": ("userId", "user_id", "user"),
    "movie": ("movieId", "movie_id", "movie", "itemId", "item_id", "item"),
    "rating": ("rating",),
    "timestamp": ("timestamp", "time"),
    "order": ("time_rank", "order"),
    "title": ("title",),
    "genres": ("genres",),
    "imdb": ("imdbId", "imdb_id"),
    "tmdb": ("tmdbId", "tmdb_id"),
}
"""What each column may be called; case does not count."""

TABLES = (".csv", ".csv.gz", ".parquet", ".dat")
RATINGS_FILES = ("ratings.csv", "ratings.csv.gz", "ratings.dat", "ratings.parquet")
MOVIES_FILES = ("movies.csv", "movies.csv.gz", "movies.dat")
LINKS_FILES = ("links.csv", "links.csv.gz")


def data_files(names: Iterable[str], where: Path | str) -> list[str]:
    """Choose the files that are read from a folder's names: ratings first, then movies and links if present.

    The ratings are in `ratings.csv`, `.csv.gz`, `.dat` or `.parquet`, or in the folder's only table.

    Raises
    ------
    UserError
        When no file, or more than one, may hold the ratings.
    """
    names = sorted(names)
    movies = [name for name in MOVIES_FILES if name in names][:1]
    links = [name for name in LINKS_FILES if name in names][:1]
    ratings = [name for name in RATINGS_FILES if name in names][:1]
    if not ratings:
        others = {"tags.csv", "users.dat", "genome-scores.csv", "genome-tags.csv", *movies, *links}
        ratings = [name for name in names if name.endswith(TABLES) and name not in others]
    if len(ratings) != 1:
        found = f"found {', '.join(ratings)}" if ratings else "found none"
        raise UserError(f"{where}: expected one file of ratings ({', '.join(RATINGS_FILES)}), {found}")
    return ratings + movies + links


def locate(columns: Sequence[str], roles: Iterable[str], where: Path | str) -> dict[str, int]:
    """Find each role's column: role -> place, counted from 0. The role `order` may be absent.

    Raises
    ------
    UserError
        Naming the first column that is missing, and those that are there.
    """
    if not any(column.strip() for column in columns):
        raise UserError(f"{where}: the file is empty; expected a line of column names")
    known = [column.strip().strip('"').lower() for column in columns]
    places: dict[str, int] = {}
    for role in roles:
        place = next((known.index(name.lower()) for name in NAMES[role] if name.lower() in known), None)
        if place is not None:
            places[role] = place
        elif role != "order":
            wanted, found = (
                " or ".join(NAMES[role]),
                ", ".join(column.strip()[:40] for column in columns[:12]),
            )
            raise UserError(f"{where}: column {NAMES[role][0]} is missing (expected {wanted}; found {found})")
    return places
