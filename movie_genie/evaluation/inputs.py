"""What earlier stages made and evaluation reads: split ratings, films, models."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movie_genie.artifacts import MODELS, model_folders
from movie_genie.config import EvaluationConfig
from movie_genie.data import dataset
from movie_genie.data.cases import Cases, held_out
from movie_genie.data.schemas import VALIDATION
from movie_genie.errors import UserError
from movie_genie.inference.two_stage import TwoStage


@dataclass(frozen=True)
class Inputs:
    """Ratings and films in memory; models are opened when asked for."""

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

    def cases(self, config: EvaluationConfig, protocol: str, part: int) -> Cases:
        """The cases of a part of a protocol's split, sampled where they are many.

        Raises
        ------
        UserError
            When there is none.
        """
        cases = held_out(self.interactions, protocol, part)
        if not len(cases):
            name = "validation" if part == VALIDATION else "test"
            raise UserError(
                f"data/processed/interactions.parquet: no {name} case under {protocol}: no user has a rating in "
                "that part and one before it; add ratings, or raise the part's share in configs/sequences.yaml"
            )
        return cases.sample(config.most_cases, config.seed)

    def two_stage(self, protocol: str, config: EvaluationConfig) -> TwoStage:
        """Open the models that were trained on a protocol's training events; all count the same.

        Raises
        ------
        UserError
            When a model is missing or broken, or does not know this vocabulary.
        """
        folders = model_folders(self.root, protocol)
        for name in config.models:
            if name not in folders:
                raise UserError(
                    f"configs/evaluation.yaml: no model {name!r} under {self.root / MODELS}; "
                    f"trained are {', '.join(folders) or 'none'} (`dvc repro` trains)"
                )
        sources = [source.model_dump() | {"weight": 1.0} for source in config.sources]
        recipe = {
            "sources": sources,
            "rankers": [{"name": name, "weight": 1.0} for name in config.rankers],
            "newcomers": config.newcomers and config.newcomers.model_dump(),
        }
        two_stage = TwoStage.of_recipe(recipe, folders, Path("configs/evaluation.yaml"))
        if two_stage.items != self.items:
            raise UserError(
                f"{self.root / MODELS}: trained on {two_stage.items} films, but the vocabulary has {self.items}; "
                "run `dvc repro`"
            )
        return two_stage


def load(root: Path) -> Inputs:
    """Read the tables in `root`/data/processed.

    Raises
    ------
    UserError
        When a file is missing, has other columns, or lacks a film of the vocabulary.
    """
    films = dataset.read_films(root)
    return Inputs(
        root,
        dataset.read_interactions(root),
        dataset.full_titles(films),
        dataset.movie_ids(films),
        dataset.text_vectors(films),
        dataset.read_split_hashes(root),
    )
