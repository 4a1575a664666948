"""Search by title and by meaning."""

from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.inputs import SearchIn
from movie_genie.backend.outputs import FoundList
from movie_genie.backend.services import services
from movie_genie.backend.session import viewer_or_none

search = APIBlueprint("search", __name__, tag="Films")


@search.get("/search")
@search.input(SearchIn, location="query")
@search.output(FoundList)
@search.doc(responses={404: "Unknown genre"})
def find(query_data: SearchIn) -> Response:
    """Find films whose title (a typing error is allowed) or story fits; nearer the viewer's taste first."""
    presenter, viewer = services().presenter(), viewer_or_none()
    found = presenter.engine.search(
        query_data.q,
        mode=query_data.mode,
        genre=query_data.genre,
        year_from=query_data.year_from,
        year_to=query_data.year_to,
        limit=query_data.limit,
        ratings=services().feedback.history(viewer.id) if viewer else (),
    )
    return presenter.found(found)
