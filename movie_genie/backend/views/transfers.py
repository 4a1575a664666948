"""Bring ratings from elsewhere, take them away again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.budget import Budget
from movie_genie.backend.client import client
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.events import Events
from movie_genie.backend.exports import as_csv, as_export
from movie_genie.backend.import_formats import read_ratings
from movie_genie.backend.imports import Films, as_ratings, match
from movie_genie.backend.inputs import CommitIn, ExportIn, ImportIn
from movie_genie.backend.limits import IMPORT
from movie_genie.backend.openapi import file_response
from movie_genie.backend.outputs import Export, Import, ImportedFilm, UnmatchedLine
from movie_genie.backend.services import services
from movie_genie.backend.session import current_viewer, requires

transfers = APIBlueprint("transfers", __name__, tag="Me")

SHOWN = 100

BUDGET_SECONDS = 2.0
"""What reading a file may take of a processor, and finding its films again; the longest honest one takes a third."""

AGAIN_SECONDS = 5
"""After how long to ask again while another import is read."""

P = ParamSpec("P")
R = TypeVar("R")


def limited(view: Callable[P, R]) -> Callable[P, R]:
    """Count imports, by viewer and by where they come from, before the file is even received."""

    @wraps(view)
    def counted(*args: P.args, **kwargs: P.kwargs) -> R:
        limits = services().limits
        limits.hit(IMPORT, "import", str(current_viewer().id))
        limits.hit(IMPORT, "import from", client())
        return view(*args, **kwargs)

    return counted


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let a process read one import, so that its other threads stay free for everybody else.

    Raises
    ------
    ProblemError
        503 while another one is read.
    """
    if not services().importing.acquire(blocking=False):
        raise ProblemError(
            503,
            f"another import is being read; try again in {AGAIN_SECONDS} s",
            kind="importing",
            headers={"Retry-After": str(AGAIN_SECONDS)},
        )
    try:
        yield
    finally:
        services().importing.release()


@transfers.post("/me/import")
@requires("viewer")
@limited
@transfers.input(CommitIn, location="query")
@transfers.input(ImportIn, location="files")
@transfers.output(Import)
def bring(query_data: CommitIn, files_data: ImportIn) -> Import:
    """Look at an export of ratings, and with `commit` take it over: all of it or, on an error, nothing."""
    viewer, presenter = current_viewer(), services().presenter()
    kept = None
    with one_at_a_time():
        kind, lines = read_ratings(files_data.file.read(), Budget(BUDGET_SECONDS))
        films = Films(presenter.engine.catalogue)
        matched, unmatched = match(lines, films, Budget(BUDGET_SECONDS))
        if query_data.commit:
            kept = services().feedback.rate_many(viewer.id, as_ratings(matched))
    return Import(
        format=kind,
        matched_count=len(matched),
        unmatched_count=len(unmatched),
        matched=[
            ImportedFilm(
                line=found.line.number, movie=presenter.card(found.movie_id), rating=found.line.stars
            )
            for found in matched[:SHOWN]
        ],
        unmatched=[
            UnmatchedLine(line=line.number, text=line.text, reason=line.problem or "no such film here")
            for line in unmatched[:SHOWN]
        ],
        kept=kept,
    )


@transfers.get("/me/export")
@requires("viewer")
@transfers.input(ExportIn, location="query")
@transfers.output(Export)
@transfers.doc(responses=file_response("Everything, or the ratings", {"type": "string"}, "text/csv"))
def take(query_data: ExportIn) -> Response | tuple[Export, int, dict[str, str]]:
    """Take all away as JSON, or the ratings as CSV, which an import here reads again."""
    viewer, feedback = current_viewer(), services().feedback
    catalogue = services().presenter().engine.catalogue
    headers = {"Content-Disposition": f'attachment; filename="movie-genie.{query_data.format}"'}
    if query_data.format == "csv":
        return Response(as_csv(feedback, viewer.id, catalogue), mimetype="text/csv", headers=headers)
    events = Events(services().database)
    return as_export(viewer, services().accounts, feedback, events, catalogue), 200, headers
