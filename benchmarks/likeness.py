"""Does a film's row show films that people would call alike? `python -m benchmarks.likeness`, after `make run`.

Each triple of tests/engine/likeness_triples.csv names a film, one like it (of its series, a remake, of the same
director or theme), and one drawn at random from the 30 most rated that are not of its main genre. The share of triples
in which the like film comes before the famous one is measured for the likeness and for each of its ingredients; equals
count half. The triples `held_out` were written when the ingredients' weights had been chosen on the others. Harder: the
like film before all famous films of other genres, and among the first 20 of all films.

Writes results/likeness.json, with the rows "Because you watched" of the five most rated films.
"""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from movie_genie.cli import run
from movie_genie.engine.catalogue import Catalogue
from movie_genie.engine.recommender import Recommender
from movie_genie.files import write_json

TRIPLES = Path("tests/engine/likeness_triples.csv")
RESULTS = Path("benchmarks/results/likeness.json")
FAMOUS = 30
FIRST = 20
ROWS, IN_VIEW = 5, 6

Measure = Callable[[int], NDArray[np.float32]]


class Triple(NamedTuple):
    """A film, one that people call like it, and a famous one that is not; all as item_idx."""

    held_out: bool
    genre: str
    film: int
    like: int
    famous: int


def main() -> None:
    """Read the arguments, measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--release", type=Path, default=Path("releases/current"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()

    def command() -> None:
        engine = Recommender(arguments.release.resolve())
        triples = read_triples(TRIPLES, engine.catalogue)
        likeness = engine.likeness
        measures: dict[str, Measure] = {
            "likeness": likeness.of,
            "texts": likeness.by_text,
            "viewers": likeness.by_viewers,
            "viewers, not corrected for fame": engine.two_stage.likeness,
            "followers": likeness.by_followers,
            "directors": likeness.by_directors,
            "genres": likeness.by_genres,
        }
        shares = {name: shares_of(measure, triples, engine.catalogue) for name, measure in measures.items()}
        for name, found in shares.items():
            print(f"{name}: {found}")
        rows = because(engine)
        for title, row in rows.items():
            print(f"Because you watched {title}: {'; '.join(row)}")
        write_json(arguments.results, {"triples": len(triples), "shares": shares, "because": rows})

    run(command)


def read_triples(path: Path, catalogue: Catalogue) -> list[Triple]:
    """The triples whose films the release has."""
    names = ("movie_id", "like_id", "famous_id")
    with path.open(encoding="utf-8", newline="") as file:
        lines = [
            (line, [catalogue.item_of.get(int(line[name])) for name in names])
            for line in csv.DictReader(file)
        ]
    return [
        Triple(line["part"] == "held_out", line["genre"], film, like, famous)
        for line, (film, like, famous) in lines
        if film is not None and like is not None and famous is not None
    ]


def shares_of(measure: Measure, triples: list[Triple], catalogue: Catalogue) -> dict[str, float]:
    """Of all triples and of each part, the share with the like film first; and the two harder shares."""
    likeness = {film: measure(film) for film in {triple.film for triple in triples}}
    before = np.array([_before(likeness[one.film], one.like, one.famous) for one in triples])
    held_out = np.array([one.held_out for one in triples])
    most_rated = np.argsort(-catalogue.ratings_count, kind="stable")[:FAMOUS]
    other = {
        genre: most_rated[~catalogue.of_genre(genre)[most_rated]] for genre in {one.genre for one in triples}
    }
    first_of_all, near = [], []
    for one in triples:
        own = likeness[one.film].copy()
        own[one.film] = -np.inf
        rivals = other[one.genre]
        first_of_all.append(own[one.like] > own[rivals[rivals != one.like]].max(initial=-np.inf))
        # Of equals half are thought to come first.
        near.append((own > own[one.like]).sum() + (own == own[one.like]).sum() / 2 < FIRST)
    found = {
        "all": before.mean(),
        "chosen_on": before[~held_out].mean(),
        "held_out": before[held_out].mean(),
        "before_all_famous_of_other_genres": np.mean(first_of_all),
        f"among_the_first_{FIRST}": np.mean(near),
    }
    return {name: round(float(share), 3) for name, share in found.items()}


def because(engine: Recommender) -> dict[str, list[str]]:
    """The films in view of the rows of the most rated films."""
    counts = engine.catalogue.ratings_count
    films = engine.catalogue.movie_ids[np.argsort(-counts, kind="stable")[:ROWS]].tolist()
    return {
        engine.catalogue.movie(film).title: [
            engine.catalogue.movie(found.movie_id).title for found in engine.similar(film, IN_VIEW)
        ]
        for film in films
    }


def _before(likeness: NDArray[np.float32], like: int, famous: int) -> float:
    """1 where the like film comes first, one half where both are the same."""
    return float((np.sign(likeness[like] - likeness[famous]) + 1) / 2)


if __name__ == "__main__":
    main()
