"""Stage `backend_server`: publish a release, have the server take it up, and see that it answers."""

import os
from pathlib import Path

from movie_genie.cli import run_stage
from movie_genie.config import EvaluationConfig, ServerConfig
from movie_genie.config_file import load_config


def main(config: ServerConfig) -> None:
    """Run the stage."""
    from movie_genie.backend import gunicorn_config
    from movie_genie.deployment.deploy import deploy

    gate = load_config(Path("configs/evaluation.yaml"), EvaluationConfig)
    deploy(config, gate, Path.cwd(), os.environ, gunicorn_config.__name__)


if __name__ == "__main__":
    run_stage(main)
