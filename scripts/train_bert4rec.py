"""Stage `bert4rec_training`: learn to order candidates by what fits the history next."""

from pathlib import Path

from movie_genie.cli import run_stage
from movie_genie.config import Bert4RecConfig


def main(config: Bert4RecConfig) -> None:
    """Train and write models/bert4rec/."""
    from movie_genie.ranking.train import train  # torch loads here, not at --help

    train(config, Path())


if __name__ == "__main__":
    run_stage(main)
