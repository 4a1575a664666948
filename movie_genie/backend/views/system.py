"""Is the process up, does it serve, what does it serve, how fast."""

import os

from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.metrics import Metrics
from movie_genie.backend.openapi import file_response
from movie_genie.backend.progress import FirstTraining
from movie_genie.backend.services import services
from movie_genie.backend.system_outputs import Health, Progress, Ready, Release
from movie_genie.files import read_json
from movie_genie.releases.content import MANIFEST


def system_blueprint(metrics: Metrics, first_training: FirstTraining, code: str) -> APIBlueprint:
    """Make the blueprint; the numbers it shows are the app's own, `code` is a hash of what it runs."""
    system = APIBlueprint("system", __name__, tag="System")

    @system.get("/health")
    @system.output(Health)
    def health() -> Health:
        """Answer; says nothing of releases and database."""
        return Health(status="ok", code=code)

    @system.get("/ready")
    @system.output(Ready)
    @system.doc(responses={503: "No release is served yet"})
    def ready() -> Ready:
        """Say which release this worker process answers from, and how many workers there are."""
        return Ready(
            status="ready",
            release_id=services().presenter().engine.release_id,
            worker=os.getpid(),
            workers=services().settings.workers,
        )

    @system.get("/progress")
    @system.output(Progress)
    def progress() -> Progress:
        """Say how far the first training is, where Airflow runs it; empty once a release is served."""
        return Progress(stages=[] if services().live.engine else first_training.stages())

    @system.get("/release")
    @system.output(Release)
    @system.doc(responses={503: "No release is served yet"})
    def release() -> Release:
        """Say what the release is made of, how good it is, and what the gate found."""
        return Release.model_validate(read_json(services().presenter().engine.folder / MANIFEST))

    @system.get("/metrics")
    @system.doc(responses=file_response("Prometheus text format", {"type": "string"}, "text/plain"))
    def measures() -> Response:
        """Give Prometheus what it scrapes."""
        text, content_type = metrics.page()
        return Response(text, content_type=content_type)

    return system
