"""Choose the ratings that the pipeline learns from: `make data` calls this."""

import argparse
from pathlib import Path

from movie_genie.cli import run


def main() -> None:
    """Write the choice into configs/data.yaml; `dvc repro` then sees it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--source", required=True, help="packaged, folder, ml-latest-small, ml-1m, ml-25m or ml-32m"
    )
    parser.add_argument(
        "--dir", type=Path, help="the folder of --source folder, relative to the repository's root"
    )
    parser.add_argument("--metadata", type=Path, help="fetched TMDB records, .jsonl or .jsonl.gz")
    parser.add_argument("--config", type=Path, default=Path("configs/data.yaml"))
    arguments = parser.parse_args()

    from movie_genie.data.choose import choose

    choose(arguments.source, arguments.dir, arguments.metadata, config=arguments.config, root=Path())
    print(f"{arguments.config}: {arguments.source} chosen; `dvc repro` or `make run` takes it up")


if __name__ == "__main__":
    run(main)
