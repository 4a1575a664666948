"""Films: one in full, those like it, the popular ones, the genres."""

from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.inputs import LimitIn, PopularIn
from movie_genie.backend.outputs import Genres, MovieDetail, Recommendations
from movie_genie.backend.services import services
from movie_genie.backend.session import viewer_or_none

movies = APIBlueprint("movies", __name__, tag="Films")


@movies.get("/movies/<int:movie_id>")
@movies.output(MovieDetail)
@movies.doc(responses={404: "Unknown film"})
def movie(movie_id: int) -> MovieDetail:
    """Show a film, the viewer's rating of it or the one they will give, and whether it is on their watchlist."""
    viewer, feedback, presenter = viewer_or_none(), services().feedback, services().presenter()
    if viewer is None:
        return presenter.detail(movie_id, None, in_watchlist=False, predicted_rating=None)
    (predicted,) = presenter.engine.predicted_rating(feedback.history(viewer.id), [movie_id])
    return presenter.detail(
        movie_id,
        feedback.rating(viewer.id, movie_id),
        feedback.in_watchlist(viewer.id, movie_id),
        predicted,
    )


@movies.get("/movies/<int:movie_id>/similar")
@movies.input(LimitIn, location="query")
@movies.output(Recommendations)
@movies.doc(responses={404: "Unknown film"})
def similar(movie_id: int, query_data: LimitIn) -> Response:
    """Show films that the same people watch and whose texts are alike."""
    presenter = services().presenter()
    return presenter.recommendations(presenter.engine.similar(movie_id, query_data.limit))


@movies.get("/movies/popular")
@movies.input(PopularIn, location="query")
@movies.output(Recommendations)
@movies.doc(responses={404: "Unknown genre"})
def popular(query_data: PopularIn) -> Response:
    """Show what is rated most these days."""
    presenter = services().presenter()
    return presenter.recommendations(presenter.engine.popular(query_data.limit, genre=query_data.genre))


@movies.get("/genres")
@movies.output(Genres)
def genres() -> Genres:
    """List every genre, the largest first."""
    return Genres(items=services().presenter().engine.catalogue.genre_counts())
