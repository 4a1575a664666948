"""The viewer's ratings and watchlist."""

from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.answers import Presenter
from movie_genie.backend.clock import iso
from movie_genie.backend.feedback import StoredRating
from movie_genie.backend.inputs import Paging, RatingIn, WatchlistIn
from movie_genie.backend.outputs import Rating, Ratings, Watchlist, WatchlistEntry
from movie_genie.backend.services import services
from movie_genie.backend.session import current_viewer, requires

ratings = APIBlueprint("ratings", __name__, tag="Me")


@ratings.get("/me/ratings")
@requires("viewer")
@ratings.input(Paging, location="query")
@ratings.output(Ratings)
def rated(query_data: Paging) -> Ratings:
    """Show what the viewer rated, newest first."""
    viewer, feedback, presenter = current_viewer(), services().feedback, services().presenter()
    page, per_page = query_data.page, query_data.per_page
    shown = [_rating(presenter, stored) for stored in feedback.ratings(viewer.id, page, per_page)]
    return Ratings(items=shown, page=page, per_page=per_page, total=feedback.ratings_count(viewer.id))


@ratings.post("/me/ratings")
@requires("viewer")
@ratings.input(RatingIn)
@ratings.output(Rating, status_code=201)
@ratings.doc(responses={404: "Unknown film"})
def rate(json_data: RatingIn) -> Rating:
    """Rate a film, or say that it is of no interest; the next recommendation already knows it."""
    presenter = services().presenter()
    presenter.engine.catalogue.item(json_data.movie_id)
    stored = services().feedback.rate(current_viewer().id, json_data.movie_id, json_data.rating)
    return _rating(presenter, stored)


@ratings.delete("/me/ratings/<int:movie_id>")
@requires("viewer")
@ratings.doc(responses={204: "There is no rating of the film any more"})
def unrate(movie_id: int) -> Response:
    """Take a rating back."""
    services().feedback.unrate(current_viewer().id, movie_id)
    return Response(status=204)


@ratings.get("/me/watchlist")
@requires("viewer")
@ratings.output(Watchlist)
def watchlist() -> Watchlist:
    """Show the watchlist, newest first."""
    presenter = services().presenter()
    films = services().feedback.watchlist(current_viewer().id)
    return Watchlist(items=[_entry(presenter, movie_id, added_at) for movie_id, added_at in films])


@ratings.post("/me/watchlist")
@requires("viewer")
@ratings.input(WatchlistIn)
@ratings.output(WatchlistEntry, status_code=201)
@ratings.doc(responses={404: "Unknown film"})
def watch(json_data: WatchlistIn) -> WatchlistEntry:
    """Put a film on the watchlist; one that is on it keeps its place."""
    presenter = services().presenter()
    presenter.engine.catalogue.item(json_data.movie_id)
    added_at = services().feedback.watch(current_viewer().id, json_data.movie_id)
    return _entry(presenter, json_data.movie_id, added_at)


@ratings.delete("/me/watchlist/<int:movie_id>")
@requires("viewer")
@ratings.doc(responses={204: "The film is not on the watchlist any more"})
def unwatch(movie_id: int) -> Response:
    """Take a film off the watchlist."""
    services().feedback.unwatch(current_viewer().id, movie_id)
    return Response(status=204)


def _rating(presenter: Presenter, stored: StoredRating) -> Rating:
    return Rating(
        movie=presenter.card(stored.movie_id),
        rating=stored.rating,
        not_interested=stored.rating is None,
        rated_at=iso(stored.rated_at),
    )


def _entry(presenter: Presenter, movie_id: int, added_at: int) -> WatchlistEntry:
    return WatchlistEntry(movie=presenter.card(movie_id), added_at=iso(added_at))
