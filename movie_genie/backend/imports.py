"""Find the films that an import's lines mean."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from movie_genie.backend.budget import Budget, OverBudgetError
from movie_genie.backend.clock import now
from movie_genie.backend.feedback import StoredRating
from movie_genie.backend.import_formats import Line, too_much
from movie_genie.data.film_titles import natural, spellings
from movie_genie.engine.catalogue import Catalogue

YEARS_APART = 1
"""Sources differ by so much in what they call a film's year: festival or cinema."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A line and its film."""

    line: Line
    movie_id: int


class Films:
    """A release's films by their ids elsewhere and by title; made for one import and thrown away."""

    def __init__(self, catalogue: Catalogue) -> None:
        table = catalogue.table
        ids = table["movie_id"].to_pylist()
        self._known = set(ids)
        self._imdb = _index(table["imdb_id"].to_pylist(), ids)
        self._tmdb = _index(table["tmdb_id"].to_pylist(), ids)
        self._years = dict(zip(ids, table["year"].to_pylist(), strict=True))
        self._popularity = dict(zip(ids, table["popularity"].to_pylist(), strict=True))
        self._titles: dict[str, list[int]] = defaultdict(list)
        for movie_id, title in zip(ids, table["title"].to_pylist(), strict=True):
            for form in spellings(title):
                self._titles[form].append(movie_id)

    def find(self, line: Line) -> int | None:
        """Return the film that a line means: by an id that is known, or else by title and year."""
        if line.movie_id in self._known:
            return line.movie_id
        if line.imdb_id in self._imdb:
            return self._imdb[line.imdb_id]
        if line.tmdb_id in self._tmdb:
            return self._tmdb[line.tmdb_id]
        return self._by_title(line.title, line.year) if line.title else None

    def _by_title(self, title: str, year: int | None) -> int | None:
        same = {movie_id for form in spellings(natural(title)) for movie_id in self._titles.get(form, ())}
        if year is None:
            return same.pop() if len(same) == 1 else None
        near = [(abs(known - year), movie_id) for movie_id in same if (known := self._years[movie_id])]
        near = [found for found in near if found[0] <= YEARS_APART]
        if not near:
            return None
        return min(near, key=lambda found: (found[0], -self._popularity[found[1]], found[1]))[1]


def _index(foreign: Sequence[object], ids: Sequence[int]) -> dict[object, int]:
    """The first film with each foreign id."""
    return {key: movie_id for key, movie_id in zip(reversed(foreign), reversed(ids), strict=True) if key}


def match(lines: Sequence[Line], films: Films, budget: Budget) -> tuple[list[Matched], list[Line]]:
    """Split the lines into those with a film and those without, which say why.

    Raises
    ------
    ProblemError
        422 when it is too much work.
    """
    matched, unmatched = [], []
    for line in lines:
        try:
            budget.check()
        except OverBudgetError:
            raise too_much(budget) from None
        movie_id = None if line.problem else films.find(line)
        if movie_id is None:
            unmatched.append(line)
        else:
            matched.append(Matched(line, movie_id))
    return matched, unmatched


def as_ratings(matched: Sequence[Matched]) -> list[StoredRating]:
    """Return one rating a film, the latest where the file has several; the file's order breaks a day's ties.

    A line without a date, or with one in the future, counts as rated now.
    """
    moment = now()
    latest: dict[int, StoredRating] = {}
    for place, found in enumerate(matched):
        given = found.line.rated_at
        rated_at = moment if given is None or given < 0 else min(given + place, moment)
        rating = StoredRating(found.movie_id, found.line.stars, rated_at)
        if found.movie_id not in latest or latest[found.movie_id].rated_at <= rated_at:
            latest[found.movie_id] = rating
    return list(latest.values())
