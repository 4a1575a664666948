"""Airflow's nightly run of the pipeline: dvc.yaml mirrored, one task a stage."""

from datetime import timedelta
from pathlib import Path

from airflow.configuration import conf
from airflow.sdk import CronTriggerTimetable

from movie_genie.airflow_api import DAG_ID
from movie_genie.config import AirflowConfig
from movie_genie.config_file import load_config
from movie_genie.orchestration.dvc_dag import DvcDag
from movie_genie.orchestration.stage_tasks import Snapshot, Workspace, parse_duration
from movie_genie.orchestration.task_events import report_failure

ROOT = Path(__file__).resolve().parents[1]
config = load_config(ROOT / "configs" / "airflow.yaml", AirflowConfig)

dag = DvcDag(
    Workspace(
        project=ROOT,
        venv=ROOT / ".venv",
        path=config.path,
        shared=conf.get("core", "executor") == "LocalExecutor",
    ),
    snapshot=Snapshot(
        name="feedback_snapshot",
        command=["python", "-m", "movie_genie.backend", "snapshot-feedback"],
        file="data/feedback/ratings.parquet",
        desc="Write the accounts' ratings to the file that `ingest` reads: the same ratings, the same bytes.",
        queue="web",  # where the viewers' database is
    ),
    dag_id=DAG_ID,
    description="Retrain on new ratings, and deploy if the gate lets it pass.",
    schedule=None
    if config.schedule is None
    else CronTriggerTimetable(config.schedule, timezone=config.time_zone, run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={
        "retries": config.retries,
        "retry_delay": parse_duration(config.retry_delay),
        "retry_exponential_backoff": True,
        "max_retry_delay": parse_duration(config.max_retry_delay),
        "execution_timeout": parse_duration(config.execution_timeout),
        "queue": config.queue,
        "pool": config.pool,
        "on_failure_callback": report_failure,
    },
    tags=["dvc"],
)
