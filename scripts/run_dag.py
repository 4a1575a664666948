"""Trigger the pipeline's DAG in the Airflow that `make airflow` runs, and wait for its result."""

import argparse
from pathlib import Path

from movie_genie.airflow_api import DAG_ID
from movie_genie.cli import run
from movie_genie.config import AirflowConfig
from movie_genie.config_file import load_config
from movie_genie.orchestration.dag_run import run_and_wait
from movie_genie.orchestration.local_airflow import connect


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, help="instead of configs/airflow.yaml's")
    parser.add_argument("--dag", default=DAG_ID, help="which DAG (%(default)s)")
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parents[1]

    def command() -> None:
        config = load_config(root / "configs" / "airflow.yaml", AirflowConfig)
        if arguments.port:
            config = config.model_copy(update={"port": arguments.port})
        run_and_wait(connect(root, config), arguments.dag, lambda line: print(line, flush=True))

    run(command)


if __name__ == "__main__":
    main()
