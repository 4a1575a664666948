"""The web app of the release in service; a path that is no file and no API is one of the app's own pages."""

from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, send_file, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.routing import PathConverter

from movie_genie.backend.errors import ProblemError
from movie_genie.backend.services import services
from movie_genie.releases.content import WEB

YEAR = 365 * 24 * 3600
HASHED = "assets"
"""The build's folder of files whose names change with their content."""

PAGES = Path(__file__).parent.parent / "pages"


class WebPathConverter(PathConverter):
    """Any path that is not the API's: there, an unknown address is an error and no page."""

    regex = r"(?!api(?:/|$))[^/].*?"


web = APIBlueprint("web", __name__, enable_openapi=False)


@web.get("/", defaults={"path": ""})
@web.get("/<web:path>")
def app_page(path: str) -> Response:
    """Serve a file of the build, or the app itself."""
    engine = services().live.engine
    if engine is None:
        response = send_file(PAGES / "no_release.html", max_age=0)
        response.status_code = 503
        response.headers["Retry-After"] = "10"
        return response
    build = engine.folder / WEB
    if path.startswith(f"{HASHED}/"):
        return _asset(build, path.removeprefix(f"{HASHED}/"))
    try:
        return send_from_directory(build.absolute(), path or "index.html", max_age=0)
    except NotFound:
        return send_from_directory(build.absolute(), "index.html", max_age=0)


def _asset(build: Path, name: str) -> Response:
    """Serve a hashed file; a page opened before a release changed still finds those it was built with."""
    for folder in (build, *build.parent.parent.glob("*/web")):
        try:
            # From the folder itself: a name cannot lead out of it, to a file that changes with each release.
            response = send_from_directory((folder / HASHED).absolute(), name, max_age=YEAR)
        except NotFound:
            continue
        response.cache_control.public = True
        response.cache_control.immutable = True
        return response
    raise ProblemError(404, "the web app has no such file")
