"""Run the pipeline: what changed since the last run, independent stages side by side.

Stages, and what they need, are those of dvc.yaml; `dvc repro` does the same one stage after another.
"""

import argparse
from pathlib import Path

from movie_genie.cli import run


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--stage", metavar="GROUP", help="run data, training, evaluation or web only")
    what.add_argument(
        "--web-only", action="store_const", const="web", dest="stage", help="the same as --stage web"
    )
    what.add_argument(
        "--status", action="store_true", help="say what would run and why, last metrics, server health"
    )
    parser.add_argument("--force", action="store_true", help="run stages even if nothing changed")
    arguments = parser.parse_args()

    from movie_genie.pipeline.main import run_pipeline, show_status

    root = Path(__file__).resolve().parent.parent
    if arguments.status:
        run(lambda: show_status(root))
    else:
        run(lambda: run_pipeline(root, arguments.stage, arguments.force))


if __name__ == "__main__":
    main()
