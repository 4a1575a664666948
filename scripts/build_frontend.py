"""Stage `frontend_build`: build the web app into frontend/dist."""

from pathlib import Path

from movie_genie.cli import run_stage
from movie_genie.config import FrontendConfig


def main(config: FrontendConfig) -> None:
    """Run the stage."""
    from movie_genie.deployment.web_build import build

    build(config, Path("frontend"))


if __name__ == "__main__":
    run_stage(main)
