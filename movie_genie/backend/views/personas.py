"""Personas: MovieLens users, to look at and to try recommendations with."""

from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.answers import page_of, persona
from movie_genie.backend.inputs import Paging, RecommendIn
from movie_genie.backend.outputs import PersonaHistory, Personas, Recommendations
from movie_genie.backend.services import services

personas = APIBlueprint("personas", __name__, tag="Personas")


@personas.get("/personas")
@personas.input(Paging, location="query")
@personas.output(Personas)
def listed(query_data: Paging) -> Response:
    """List the personas by id."""
    people = services().presenter().engine.personas
    page, per_page = query_data.page, query_data.per_page
    shown = [persona(person) for person in people.page(page, per_page)]
    return page_of(shown, page, per_page, len(people))


@personas.get("/personas/<int:persona_id>/history")
@personas.input(Paging, location="query")
@personas.output(PersonaHistory)
@personas.doc(responses={404: "Unknown persona"})
def history(persona_id: int, query_data: Paging) -> Response:
    """Show what a persona rated, newest first."""
    presenter = services().presenter()
    films = presenter.engine.personas.history(persona_id)[::-1]
    start = (query_data.page - 1) * query_data.per_page
    shown = presenter.rated(films[start : start + query_data.per_page])
    return page_of(shown, query_data.page, query_data.per_page, len(films))


@personas.get("/personas/<int:persona_id>/recommendations")
@personas.input(RecommendIn, location="query")
@personas.output(Recommendations)
@personas.doc(responses={404: "Unknown persona or genre"})
def recommendations(persona_id: int, query_data: RecommendIn) -> Response:
    """Recommend films to a persona."""
    presenter = services().presenter()
    engine = presenter.engine
    films = engine.recommend(
        engine.personas.history(persona_id),
        limit=query_data.limit,
        genre=query_data.genre,
        diversity=query_data.diversity,
    )
    return presenter.recommendations(films)
