"""Stage `content_features`: gather what is known of each film, and embed its text."""

import os
from pathlib import Path

from movie_genie.cli import run_stage
from movie_genie.config import ContentConfig


def main(config: ContentConfig) -> None:
    """Run the stage in the repository's root."""
    from movie_genie.data.content import (
        extract_content,
    )  # the table and HTTP libraries load here, not at --help

    extract_content(config, Path(), os.environ.get("TMDB_API_KEY"))


if __name__ == "__main__":
    run_stage(main)
