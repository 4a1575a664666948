"""A small project as training reads it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from small_split import split_ratings

from movie_genie.config import Bert4RecConfig, TwoTowerConfig
from movie_genie.config_file import load_config
from movie_genie.data.schemas import CONTENT, INTERACTIONS, VOCABULARY, write_table

ROOT = Path(__file__).parents[2]
FILMS = 30


def small_project(root: Path, text: float = 1.0) -> Path:
    """Write tables of ratings with an order to be learned; `text` is in each film's embedding."""
    rng = np.random.default_rng(3)
    starts = rng.integers(FILMS, size=25)
    films = [[int(start + step) % FILMS for step in range(12)] for start in starts]
    # The last two ratings of some users are late enough for the temporal parts.
    times = [[*range(10), 1_000 + user, 2_000 + user] for user in range(25)]
    interactions = pa.Table.from_pandas(split_ratings(films, times), INTERACTIONS, preserve_index=False)
    embeddings = rng.normal(size=(FILMS, 384)) * text
    content = [
        {"movie_id": film, "title": f"F{film}", "year": 1990 + film, "genres": ["Drama"], "embedding": row}
        for film, row in enumerate(embeddings.astype(np.float32).tolist())
    ]
    processed = root / "data/processed"
    write_table(processed / "interactions.parquet", interactions, INTERACTIONS)
    write_table(processed / "content_features.parquet", pa.Table.from_pylist(content, CONTENT), CONTENT)
    vocabulary = pa.table({"item_idx": range(FILMS), "movie_id": range(FILMS)}, schema=VOCABULARY)
    write_table(processed / "vocabulary.parquet", vocabulary, VOCABULARY)
    return root


def two_tower(**changes: Any) -> TwoTowerConfig:
    return _small(load_config(ROOT / "configs/two_tower.yaml", TwoTowerConfig), embedding_dim=8, **changes)


def bert4rec(**changes: Any) -> Bert4RecConfig:
    return _small(load_config(ROOT / "configs/bert4rec.yaml", Bert4RecConfig), **changes)


def _small(config: Any, **changes: Any) -> Any:
    small = {"device": "cpu", "threads": 1, "max_epochs": 4, "hidden_dim": 8, "tokens_per_batch": 60}
    return config.model_copy(update=small | {"negatives": 10, "max_history": 8} | changes)
