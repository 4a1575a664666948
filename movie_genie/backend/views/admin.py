"""For admins: which release serves, how its rows do, how the pipeline is doing. Every change is logged."""

from pathlib import Path

import structlog
from apiflask import APIBlueprint

from movie_genie.backend.errors import ProblemError
from movie_genie.backend.events import Events
from movie_genie.backend.inputs import ActivateIn
from movie_genie.backend.pipeline import airflow, dag_runs, stage_states
from movie_genie.backend.services import services
from movie_genie.backend.session import current_viewer, requires
from movie_genie.backend.system_outputs import ClickThroughs, CurrentRelease, PipelineState, Releases
from movie_genie.errors import UserError
from movie_genie.releases import store as releases

admin = APIBlueprint("admin", __name__, tag="Admin")

_log = structlog.get_logger("admin")


@admin.get("/admin/releases")
@requires("admin")
@admin.output(Releases)
def listed() -> Releases:
    """List the releases, the newest first."""
    return Releases(items=releases.listing(services().settings.releases))


@admin.post("/admin/activate")
@requires("admin")
@admin.input(ActivateIn)
@admin.output(CurrentRelease)
@admin.doc(responses={409: "There is no such release, or it would not serve"})
def activate(json_data: ActivateIn) -> CurrentRelease:
    """Verify a release and have every worker serve it."""
    try:
        releases.activate(services().settings.releases, json_data.release_id)
    except UserError as error:
        raise ProblemError(409, str(error), kind="release-refused") from error
    return _changed("activate", json_data.release_id)


@admin.post("/admin/rollback")
@requires("admin")
@admin.output(CurrentRelease)
@admin.doc(responses={409: "There is none to go back to"})
def rollback() -> CurrentRelease:
    """Go back to the release that was served before."""
    try:
        release_id = releases.rollback(services().settings.releases)
    except UserError as error:
        raise ProblemError(409, str(error), kind="release-refused") from error
    return _changed("rollback", release_id)


@admin.get("/admin/click-through")
@requires("admin")
@admin.output(ClickThroughs)
def click_through() -> ClickThroughs:
    """Show how often films were clicked, by release and kind of row."""
    return ClickThroughs(items=Events(services().database).click_through())


@admin.get("/admin/pipeline")
@requires("admin")
@admin.output(PipelineState)
def pipeline() -> PipelineState:
    """Show each stage's state and Airflow's last runs, or why they cannot be shown."""
    body: dict[str, object] = {"stages": [], "stages_unknown": None, "runs": [], "runs_unknown": None}
    try:
        body["stages"] = stage_states(Path.cwd())
    except UserError as error:
        body["stages_unknown"] = str(error)
    try:
        body["runs"] = dag_runs(airflow(services().settings))
    except UserError as error:
        body["runs_unknown"] = str(error)
    return PipelineState.model_validate(body)


def _changed(action: str, release_id: str) -> CurrentRelease:
    """Tell log and admin what was done; this worker follows at once, the others within a second."""
    _log.warning("admin action", action=action, release_id=release_id, name=current_viewer().name)
    services().live.refresh()
    return CurrentRelease(release_id=release_id)
