"""Start Airflow on this machine, or a worker for an Airflow elsewhere, until Ctrl-C."""

import argparse
from pathlib import Path

from movie_genie.cli import run
from movie_genie.config import AirflowConfig
from movie_genie.config_file import load_config
from movie_genie.orchestration.local_airflow import serve, work


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, help="instead of configs/airflow.yaml's")
    parser.add_argument("--queues", help="start a worker that takes tasks of these queues: data,train,web")
    parser.add_argument("--log-port", type=int, default=8793, help="where the worker shows its logs")
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parents[1]

    def command() -> None:
        config = load_config(root / "configs" / "airflow.yaml", AirflowConfig)
        if arguments.port:
            config = config.model_copy(update={"port": arguments.port})
        if arguments.queues:
            work(root, config, arguments.queues, arguments.log_port)
        else:
            serve(root, config)

    run(command)


if __name__ == "__main__":
    main()
