"""What newcomers with one taste get: `python -m benchmarks.newcomers`, after `make run`.

A newcomer loves the most rated films of one genre and knows no other. Which share of their first ten films is of that
genre, by how many they rated? Another one loves five films of a genre and gives ½ star to the most rated film of
another: which share of the first ten is of the kind they hated? As genres go together, that kind is the films that have
the hated genre and not the loved one. The same newcomer without the hated film stands beside. Writes
results/newcomers.json.
"""

import argparse
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from movie_genie.cli import run
from movie_genie.engine.recommender import Recommender
from movie_genie.engine.records import Rating
from movie_genie.files import write_json

RESULTS = Path("benchmarks/results/newcomers.json")
KNOWN = (1, 3, 5, 10)
LOVED = 5
LIST = 10
LEAST_FILMS = 30
"""A genre is a taste where so many films of it were rated …"""

LEAST_RATINGS = 20
"""… so often each."""

NOW = 1_800_000_000


def main() -> None:
    """Read the arguments, measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--release", type=Path, default=Path("releases/current"))
    arguments = parser.parse_args()

    def command() -> None:
        found = measure(Recommender(arguments.release.resolve()))
        for name, figure in found.items():
            print(f"{name:28} {figure}")
        write_json(RESULTS, found)

    run(command)


def measure(engine: Recommender) -> dict[str, object]:
    """Means over genres, and over pairs of genres."""
    genres = tastes(engine)
    of_genre = {genre: engine.catalogue.of_genre(genre) for genre in genres}
    popular = shown(engine, [])
    found: dict[str, object] = {
        "genres": len(genres),
        "own_genre_0_known": _mean(of_genre[genre][popular].mean() for genre in genres),
    }
    for known in KNOWN:
        shares = []
        for genre in genres:
            loved = most_rated(engine, of_genre[genre])[:known]
            shares.append(of_genre[genre][shown(engine, rated(engine, loved, 5.0))].mean())
        found[f"own_genre_{known}_known"] = _mean(shares)
    hated_kind: dict[str, list[float]] = {"without_hated": [], "with_hated": []}
    for loved_genre, hated_genre in permutations(genres, 2):
        hated_only = of_genre[hated_genre] & ~of_genre[loved_genre]
        loved = most_rated(engine, of_genre[loved_genre] & ~of_genre[hated_genre])[:LOVED]
        hated = most_rated(engine, hated_only)[:1]
        history = rated(engine, loved, 5.0)
        for name, ratings in (
            ("without_hated", history),
            ("with_hated", [*history, *rated(engine, hated, 0.5, len(history))]),
        ):
            hated_kind[name].append(float(hated_only[shown(engine, ratings)].mean()))
    for name, shares in hated_kind.items():
        found[f"hated_kind_{name}"] = _mean(shares)
        found[f"lists_free_of_hated_kind_{name}"] = _mean(share == 0 for share in shares)
    return found


def tastes(engine: Recommender) -> list[str]:
    """Genres with enough films that are known."""
    often = engine.catalogue.ratings_count >= LEAST_RATINGS
    counted = [count.genre for count in engine.catalogue.genre_counts()]
    return [genre for genre in counted if (engine.catalogue.of_genre(genre) & often).sum() >= LEAST_FILMS]


def most_rated(engine: Recommender, among: NDArray[np.bool_]) -> NDArray[np.int64]:
    """item_idx of films, the most rated first."""
    order = np.argsort(-engine.catalogue.ratings_count, kind="stable")
    return order[among[order]]


def rated(engine: Recommender, items: NDArray[np.int64], stars: float, before: int = 0) -> list[Rating]:
    """Ratings of these films, a minute apart, `before` of them given already."""
    first = NOW - 3600 + 60 * before
    return [
        Rating(int(engine.catalogue.movie_ids[item]), stars, first + 60 * place)
        for place, item in enumerate(items)
    ]


def shown(engine: Recommender, ratings: list[Rating]) -> NDArray[np.int64]:
    """item_idx of the first ten recommendations."""
    films = engine.recommend(ratings, limit=LIST, asked=NOW)
    return engine.items(film.movie_id for film in films)


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 3)


if __name__ == "__main__":
    main()
