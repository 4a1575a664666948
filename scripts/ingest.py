"""Stage `ingest`: read the ratings that configs/data.yaml pins, and set bad rows aside."""

import time
from pathlib import Path

from movie_genie.cli import run_stage
from movie_genie.config import DataConfig


def main(config: DataConfig) -> None:
    """Run the stage in the repository's root."""
    from movie_genie.data.ingest import ingest  # Ibis loads here, not at --help

    ingest(config, Path(), now=int(time.time()))


if __name__ == "__main__":
    run_stage(main)
