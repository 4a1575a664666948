"""All that is kept of a viewer, to take away."""

import csv
import io

from movie_genie.backend.answers import Json
from movie_genie.backend.clock import iso
from movie_genie.backend.feedback import Feedback
from movie_genie.engine.catalogue import Catalogue

COLUMNS = ("movie_id", "title", "year", "rating", "not_interested", "rated_at")

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula's beginning."""


def as_json(feedback: Feedback, viewer_id: int, name: str | None, catalogue: Catalogue) -> Json:
    """Return everything as `outputs.Export`."""
    return {
        "name": name,
        "ratings": _ratings(feedback, viewer_id, catalogue),
        "watchlist": [
            {**_film(movie_id, catalogue), "added_at": iso(added_at)}
            for movie_id, added_at in feedback.watchlist(viewer_id)
        ],
    }


def as_csv(feedback: Feedback, viewer_id: int, catalogue: Catalogue) -> str:
    """Return the ratings as a table that an import reads again and no spreadsheet takes for formulas."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    for rating in _ratings(feedback, viewer_id, catalogue):
        table.writerow({name: _harmless(value) for name, value in rating.items()})
    return text.getvalue()


def _ratings(feedback: Feedback, viewer_id: int, catalogue: Catalogue) -> list[Json]:
    return [
        {
            **_film(said.movie_id, catalogue),
            "rating": said.rating,
            "not_interested": said.rating is None,
            "rated_at": iso(said.rated_at),
        }
        for said in feedback.all_ratings(viewer_id)
    ]


def _film(movie_id: int, catalogue: Catalogue) -> Json:
    item = catalogue.item_of.get(movie_id)
    movie = catalogue.movies[item] if item is not None else None
    title = movie.title if movie else f"Film {movie_id}"
    return {"movie_id": movie_id, "title": title, "year": movie.year if movie else None}


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
