"""Posters by film, through the server's own cache."""

from apiflask import APIBlueprint
from flask import Response, send_file

from movie_genie.backend.errors import ProblemError
from movie_genie.backend.openapi import file_response
from movie_genie.backend.posters import Posters
from movie_genie.backend.services import services

DAY = 24 * 3600


def posters_blueprint(kept: Posters) -> APIBlueprint:
    """Make the blueprint over the app's cache."""
    posters = APIBlueprint("posters", __name__, tag="Films")

    @posters.get("/posters/<int:movie_id>")
    @posters.doc(
        responses=file_response(
            "The poster", {"type": "string", "format": "binary"}, "image/jpeg", "image/png"
        )
        | {
            404: {"description": "Unknown film, or one without a poster"},
            502: {"description": "The image host sent something else"},
            503: {"description": "Not here yet: ask again, after the seconds in Retry-After"},
        }
    )
    def poster(movie_id: int) -> Response:
        """Show a film's poster."""
        catalogue = services().presenter().engine.catalogue
        path = catalogue.movies[catalogue.item(movie_id)].poster_path
        if path is None:
            raise ProblemError(404, "the film has no poster")
        file, mimetype = kept.get(path)
        response = send_file(file.absolute(), mimetype=mimetype, max_age=DAY, conditional=True)
        response.cache_control.public = True
        return response

    return posters
