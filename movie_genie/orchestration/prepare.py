"""Make a fresh Airflow ready: its pools, and the first run of a pipeline that never ran.

`python -m movie_genie.orchestration.prepare` asks the Airflow of AIRFLOW_URL, AIRFLOW_USER and AIRFLOW_PASSWORD;
for installations that start Airflow's components themselves. It can be repeated.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from movie_genie.airflow_api import DAG_ID, AirflowApi
from movie_genie.cli import run
from movie_genie.config import AirflowConfig
from movie_genie.config_file import load_config
from movie_genie.errors import UserError
from movie_genie.polling import poll

POLL_SECONDS = 2.0
FIRST_READ_SECONDS = 600.0
"""How long Airflow may take to read the DAG for the first time."""

RAN = frozenset({"queued", "running", "success"})


def prepare(
    api: AirflowApi, pools: Mapping[str, int], dag_id: str, sleep: Callable[[float], None] = time.sleep
) -> str | None:
    """Set the pools; trigger the DAG unless a run of it succeeded or is under way, and return the run's id.

    Raises
    ------
    UserError
        When Airflow does not answer, cannot read the DAG, or has not read it in time.
    """
    api.set_pools(pools)
    if not poll(lambda: api.knows(dag_id), every=POLL_SECONDS, within=FIRST_READ_SECONDS, sleep=sleep):
        raise UserError(f"{api.url}: has not read the DAG {dag_id} after {FIRST_READ_SECONDS:.0f} s")
    return None if RAN & {run["state"] for run in api.runs(dag_id)} else api.trigger(dag_id)


def main() -> None:
    """Prepare the Airflow that the environment names."""
    config = load_config(Path("configs/airflow.yaml"), AirflowConfig)
    for name in ("AIRFLOW_URL", "AIRFLOW_USER", "AIRFLOW_PASSWORD"):
        if not os.environ.get(name):
            raise UserError(f"{name}: not set; expected the Airflow to prepare and who signs in there")
    api = AirflowApi(os.environ["AIRFLOW_URL"], os.environ["AIRFLOW_USER"], os.environ["AIRFLOW_PASSWORD"])
    started = prepare(api, config.pools, DAG_ID)
    print(f"the first run, {started}, is triggered" if started else "the pipeline ran before, or is running")


if __name__ == "__main__":
    run(main)
