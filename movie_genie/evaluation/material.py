"""What earlier stages made and evaluation reads: split ratings, films, models."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from movie_genie.data import schemas
from movie_genie.errors import UserError
from movie_genie.files import read_json
from movie_genie.ranking.two_stage import TwoStage


@dataclass(frozen=True)
class Material:
    """Ratings and films in memory; models are loaded when asked for."""

    root: Path
    interactions: pd.DataFrame
    """Under schemas.INTERACTIONS."""
    titles: list[str]
    """(items,) "Alien (1979)"."""
    movie_ids: NDArray[np.int64]
    """(items,)"""
    text_vectors: NDArray[np.float32]
    """(items, 384) of unit length."""
    split_hashes: dict[str, str]
    """For each protocol."""

    @property
    def items(self) -> int:
        """Size of the vocabulary."""
        return len(self.movie_ids)

    def two_stage(self, protocol: str, fusion_weight: float, candidates: int) -> TwoStage:
        """Load the two models that were trained on a protocol's training events.

        Raises
        ------
        UserError
            When a model is missing, or does not know this vocabulary.
        """
        models = self.root / "models"
        two_tower, bert4rec = (models / name / "weights" / protocol for name in ("two_tower", "bert4rec"))
        two_stage = TwoStage.load(two_tower, bert4rec, fusion_weight, candidates)
        if two_stage.items != self.items:
            raise UserError(
                f"{models}: trained on {two_stage.items} films, but the vocabulary has {self.items}; "
                "run `dvc repro`"
            )
        return two_stage


def load(root: Path) -> Material:
    """Read the tables in `root`/data/processed.

    Raises
    ------
    UserError
        When a file is missing, has other columns, or lacks a film of the vocabulary.
    """
    processed = root / "data/processed"
    interactions = schemas.read_table(processed / "interactions.parquet", schemas.INTERACTIONS)
    vocabulary = schemas.read_arrow(processed / "vocabulary.parquet", schemas.VOCABULARY)
    path = processed / "content_features.parquet"
    content = schemas.read_arrow(path, schemas.CONTENT)
    rows = pc.index_in(vocabulary["movie_id"], value_set=content["movie_id"].combine_chunks())
    if rows.null_count:
        lacking = vocabulary["movie_id"].filter(pc.is_null(rows))[0]
        raise UserError(f"{path}: film {lacking} of the vocabulary is missing; run `dvc repro`")
    content = content.take(rows)
    splits_path = processed / "splits.json"
    splits = read_json(splits_path)
    try:
        split_hashes = {protocol: str(splits[f"{protocol}_hash"]) for protocol in schemas.PROTOCOLS}
    except KeyError as missing:
        raise UserError(f"{splits_path}: {missing} is missing; run `dvc repro`") from None
    return Material(
        root,
        interactions,
        _titles(content),
        vocabulary["movie_id"].to_numpy().astype(np.int64),
        content["embedding"].combine_chunks().flatten().to_numpy().reshape(-1, schemas.EMBEDDING_SIZE),
        split_hashes,
    )


def _titles(content: pa.Table) -> list[str]:
    columns = content["title"].to_pylist(), content["year"].to_pylist()
    return [title if year is None else f"{title} ({year})" for title, year in zip(*columns, strict=True)]
