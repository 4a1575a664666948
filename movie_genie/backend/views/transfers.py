"""Bring ratings from elsewhere, take them away again."""

from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.exports import as_csv, as_export
from movie_genie.backend.import_formats import read_ratings
from movie_genie.backend.imports import as_ratings, match
from movie_genie.backend.inputs import CommitIn, ExportIn, ImportIn
from movie_genie.backend.limits import IMPORT
from movie_genie.backend.openapi import file_response
from movie_genie.backend.outputs import Export, Import, ImportedFilm, UnmatchedLine
from movie_genie.backend.services import services
from movie_genie.backend.session import current_viewer, requires

transfers = APIBlueprint("transfers", __name__, tag="Me")

SHOWN = 100


@transfers.post("/me/import")
@requires("viewer")
@transfers.input(CommitIn, location="query")
@transfers.input(ImportIn, location="files")
@transfers.output(Import)
def bring(query_data: CommitIn, files_data: ImportIn) -> Import:
    """Look at an export of ratings, and with `commit` take it over: all of it or, on an error, nothing."""
    viewer, presenter = current_viewer(), services().presenter()
    services().limits.hit(IMPORT, "import", str(viewer.id))
    kind, lines = read_ratings(files_data.file.read())
    matched, unmatched = match(lines, presenter.engine.catalogue)
    kept = None
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
    return as_export(feedback, viewer.id, viewer.name, catalogue), 200, headers
