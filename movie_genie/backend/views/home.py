"""What the viewer is recommended; nothing here is cached, so that a rating changes the next answer."""

from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.inputs import RecommendIn
from movie_genie.backend.outputs import Home, Recommendations
from movie_genie.backend.services import services
from movie_genie.backend.session import current_viewer, requires
from movie_genie.engine.home import home_rows

home = APIBlueprint("home", __name__, tag="Me")


@home.get("/me/recommendations")
@requires("viewer")
@home.input(RecommendIn, location="query")
@home.output(Recommendations)
@home.doc(responses={404: "Unknown genre"})
def recommendations(query_data: RecommendIn) -> Response:
    """Recommend films to the viewer, each with the films of their history that it comes from."""
    presenter = services().presenter()
    films = presenter.engine.recommend(
        services().feedback.history(current_viewer().id),
        limit=query_data.limit,
        genre=query_data.genre,
        diversity=query_data.diversity,
    )
    return presenter.recommendations(films)


@home.get("/me/home")
@requires("viewer")
@home.output(Home)
def rows() -> Response:
    """Show the viewer's rows: no film twice, the most fitting row first."""
    presenter = services().presenter()
    return presenter.home(home_rows(presenter.engine, services().feedback.history(current_viewer().id)))
