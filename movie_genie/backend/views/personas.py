"""Personas: MovieLens users, to look at and to try recommendations with."""

from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.clock import iso
from movie_genie.backend.inputs import Paging, RecommendIn
from movie_genie.backend.outputs import PersonaHistory, PersonaRating, Personas, Recommendations
from movie_genie.backend.services import services

personas = APIBlueprint("personas", __name__, tag="Personas")


@personas.get("/personas")
@personas.input(Paging, location="query")
@personas.output(Personas)
def listed(query_data: Paging) -> Personas:
    """List the personas by id."""
    people = services().presenter().engine.personas
    page, per_page = query_data.page, query_data.per_page
    return Personas(items=people.page(page, per_page), page=page, per_page=per_page, total=len(people))


@personas.get("/personas/<int:persona_id>/history")
@personas.input(Paging, location="query")
@personas.output(PersonaHistory)
@personas.doc(responses={404: "Unknown persona"})
def history(persona_id: int, query_data: Paging) -> PersonaHistory:
    """Show what a persona rated, newest first."""
    presenter = services().presenter()
    page, per_page = query_data.page, query_data.per_page
    ratings = presenter.engine.personas.history(persona_id)[::-1]
    shown = [
        PersonaRating(
            movie=presenter.card(rating.movie_id), rating=rating.rating, rated_at=iso(rating.timestamp * 1000)
        )
        for rating in ratings[(page - 1) * per_page : page * per_page]
    ]
    return PersonaHistory(items=shown, page=page, per_page=per_page, total=len(ratings))


@personas.get("/personas/<int:persona_id>/recommendations")
@personas.input(RecommendIn, location="query")
@personas.output(Recommendations)
@personas.doc(responses={404: "Unknown persona or genre"})
def recommendations(persona_id: int, query_data: RecommendIn) -> Response:
    """Recommend films to a persona."""
    presenter = services().presenter()
    engine = presenter.engine
    ratings = engine.personas.history(persona_id)
    films = engine.recommend(
        ratings,
        # As if when they last rated, long ago.
        asked=max((rating.timestamp for rating in ratings), default=None),
        limit=query_data.limit,
        genre=query_data.genre,
        diversity=query_data.diversity,
    )
    return presenter.recommendations(films)
