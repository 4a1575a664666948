"""Stage `integrated_evaluation`: measure both stages together beside the baselines, and let the gate decide."""

import os
from pathlib import Path

from movie_genie.cli import run_stage
from movie_genie.config import EvaluationConfig


def main(config: EvaluationConfig) -> None:
    """Run the stage in the repository's root."""
    from movie_genie.evaluation.evaluate import evaluate  # SciPy and pandas load here, not at --help

    evaluate(config, Path(), releases=Path(os.environ.get("MOVIE_GENIE_RELEASES", "releases")))


if __name__ == "__main__":
    run_stage(main)
