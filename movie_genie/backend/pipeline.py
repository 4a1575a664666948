"""How the pipeline is doing: asked of DVC and of Airflow, neither of which may take long."""

from dataclasses import dataclass
from pathlib import Path

from movie_genie.airflow_api import DAG_ID, AirflowApi
from movie_genie.backend.settings import Settings
from movie_genie.errors import UserError
from movie_genie.pipeline.dvc import pipeline_of
from movie_genie.pipeline.status import stage_statuses

STATUS_SECONDS = 30
AIRFLOW_SECONDS = 5
RUNS = 5


@dataclass(frozen=True, slots=True)
class StageState:
    """A stage, and its state: in words by DVC, or as Airflow names it."""

    stage: str
    state: str


@dataclass(frozen=True, slots=True)
class DagRun:
    """A run of the DAG."""

    run_id: str
    state: str
    started_at: str | None
    ended_at: str | None


def stage_states(root: Path) -> list[StageState]:
    """Return every stage's state.

    Raises
    ------
    UserError
        Where the server has no pipeline beside it, or DVC fails or takes too long.
    """
    if not (root / "dvc.yaml").exists():
        raise UserError("this server runs apart from the pipeline; look at Airflow instead")
    statuses = stage_statuses(root, pipeline_of(root), STATUS_SECONDS)
    return [StageState(status.stage, str(status)) for status in statuses]


def airflow(settings: Settings) -> AirflowApi:
    """Return a client of the Airflow that the settings name.

    Raises
    ------
    UserError
        Where they name none.
    """
    if not settings.airflow_url:
        raise UserError("Airflow is not configured; set AIRFLOW_URL, AIRFLOW_USER and AIRFLOW_PASSWORD")
    return AirflowApi(settings.airflow_url, settings.airflow_user, settings.airflow_password, AIRFLOW_SECONDS)


def dag_runs(api: AirflowApi) -> list[DagRun]:
    """Return Airflow's last runs of the DAG, the latest first.

    Raises
    ------
    UserError
        When Airflow does not answer or refuses.
    """
    return [
        DagRun(str(run["dag_run_id"]), str(run["state"]), run.get("start_date"), run.get("end_date"))
        for run in api.runs(DAG_ID, RUNS)
    ]


def latest_run(api: AirflowApi) -> list[StageState]:
    """Return Airflow's state of each task in its latest run of the DAG (`success`, `running`, …), in no order.

    Raises
    ------
    UserError
        As `dag_runs`.
    """
    return [
        StageState(str(task["task_id"]), str(task["state"]))
        for run in api.runs(DAG_ID, 1)
        for task in api.tasks(DAG_ID, run["dag_run_id"])
    ]
