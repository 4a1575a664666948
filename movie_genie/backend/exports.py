"""All that is kept of a viewer, to take away."""

import csv
import io

from movie_genie.backend.accounts import Accounts, Viewer
from movie_genie.backend.clock import iso
from movie_genie.backend.events import Events
from movie_genie.backend.feedback import Feedback
from movie_genie.backend.outputs import (
    Export,
    ExportedEvent,
    ExportedRating,
    ExportedResetLink,
    ExportedSession,
    ExportedWatchlistEntry,
)
from movie_genie.engine.catalogue import Catalogue

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula's beginning."""


def as_export(
    viewer: Viewer, accounts: Accounts, feedback: Feedback, events: Events, catalogue: Catalogue
) -> Export:
    """Return everything."""
    watchlist = []
    for movie_id, added_at in feedback.watchlist(viewer.id):
        title, year = _named(movie_id, catalogue)
        watchlist.append(
            ExportedWatchlistEntry(movie_id=movie_id, title=title, year=year, added_at=iso(added_at))
        )
    kept = accounts.kept(viewer)
    return Export(
        name=viewer.name,
        is_admin=viewer.is_admin,
        created_at=iso(kept.created_at),
        ratings=_ratings(feedback, viewer.id, catalogue),
        watchlist=watchlist,
        events=[
            ExportedEvent(
                kind=event.kind,
                row=event.row_kind,
                movie_id=event.movie_id,
                position=event.position,
                release_id=event.release_id,
                created_at=iso(event.created_at),
            )
            for event in events.of(viewer.id)
        ],
        sessions=[
            ExportedSession(created_at=iso(created_at), expires_at=iso(expires_at))
            for created_at, expires_at in kept.sessions
        ],
        password_resets=[
            ExportedResetLink(created_at=iso(created_at), expires_at=iso(expires_at))
            for created_at, expires_at in kept.password_resets
        ],
    )


def as_csv(feedback: Feedback, viewer_id: int, catalogue: Catalogue) -> str:
    """Return the ratings as a table that an import reads again and no spreadsheet takes for formulas."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(ExportedRating.model_fields))
    table.writeheader()
    for rating in _ratings(feedback, viewer_id, catalogue):
        table.writerow({name: _harmless(value) for name, value in rating.model_dump().items()})
    return text.getvalue()


def _ratings(feedback: Feedback, viewer_id: int, catalogue: Catalogue) -> list[ExportedRating]:
    exported = []
    for stored in feedback.all_ratings(viewer_id):
        title, year = _named(stored.movie_id, catalogue)
        exported.append(
            ExportedRating(
                movie_id=stored.movie_id,
                title=title,
                year=year,
                rating=stored.rating,
                not_interested=stored.rating is None,
                rated_at=iso(stored.rated_at),
            )
        )
    return exported


def _named(movie_id: int, catalogue: Catalogue) -> tuple[str, int | None]:
    """A film's title and year, also of one that the release does not know."""
    item = catalogue.item_of.get(movie_id)
    if item is None:
        return f"Film {movie_id}", None
    return catalogue.movies[item].title, catalogue.movies[item].year


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
