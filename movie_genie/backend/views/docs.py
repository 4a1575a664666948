"""A page to read and try the API: plain files, as the content security policy lets nothing else run."""

from apiflask import APIBlueprint
from flask import Response, send_from_directory

from movie_genie.backend.views.web import PAGES

docs = APIBlueprint("docs", __name__, enable_openapi=False)


@docs.get("/docs", defaults={"name": "docs.html"})
@docs.get("/docs/<any('docs.js', 'page.css'):name>")
def page(name: str) -> Response:
    """Serve the page, or one of the two files that it needs."""
    return send_from_directory(PAGES, name, max_age=0)
