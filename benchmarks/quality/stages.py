"""The stages as functions for a process of their own: what each needs is loaded there, and not by who starts it."""

import time
from pathlib import Path

from benchmarks.quality.data_sets import CONFIG
from benchmarks.quality.settings import Settings
from movie_genie.config import Bert4RecConfig, DataConfig, TwoTowerConfig
from movie_genie.config_file import load_config


def make_tables(settings: Settings, root: Path) -> None:
    """Run the stages `ingest`, `sequential_processing` and `content_features`; TMDB is not asked."""
    from movie_genie.data.content import extract_content
    from movie_genie.data.ingest import ingest
    from movie_genie.data.sequences import process_sequences

    ingest(load_config(root / CONFIG, DataConfig), root, now=int(time.time()))
    process_sequences(settings.sequences, root)
    extract_content(settings.content, root, None)


def train_two_tower(config: TwoTowerConfig, root: Path) -> None:
    """Run the stage `two_tower_training`."""
    from movie_genie.retrieval.train import train

    train(config, root)


def train_bert4rec(config: Bert4RecConfig, root: Path) -> None:
    """Run the stage `bert4rec_training`."""
    from movie_genie.ranking.train import train

    train(config, root)
