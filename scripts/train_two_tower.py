"""Stage `two_tower_training`: learn the user and item towers."""

from pathlib import Path

from movie_genie.cli import run_stage
from movie_genie.config import TwoTowerConfig


def main(config: TwoTowerConfig) -> None:
    """Train and write models/two_tower/."""
    from movie_genie.retrieval.train import train  # torch loads here, not at --help

    train(config, Path())


if __name__ == "__main__":
    run_stage(main)
