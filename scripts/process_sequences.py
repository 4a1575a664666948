"""Stage `sequential_processing`: put ratings in order, number users and films, split for two protocols."""

from pathlib import Path

from movie_genie.cli import run_stage
from movie_genie.config import SequencesConfig


def main(config: SequencesConfig) -> None:
    """Run the stage in the repository's root."""
    from movie_genie.data.sequences import process_sequences  # Ibis loads here, not at --help

    process_sequences(config, Path())


if __name__ == "__main__":
    run_stage(main)
