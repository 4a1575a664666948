"""What viewers were shown and clicked, as the web app reports it."""

from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.events import Events
from movie_genie.backend.inputs import EventsIn
from movie_genie.backend.services import services
from movie_genie.backend.session import current_viewer, requires

events = APIBlueprint("events", __name__, tag="Me")


@events.post("/events")
@requires("viewer")
@events.input(EventsIn)
@events.doc(responses={204: "Kept"})
def record(json_data: EventsIn) -> Response:
    """Tell which rows were shown and which films were clicked."""
    Events(services().database).record(current_viewer().id, json_data.release_id, json_data.events)
    return Response(status=204)
