"""Stage `two_tower_training`: the two-tower, and beside it the candidate sources that need no gradient."""

from pathlib import Path

from movie_genie.config import TwoTowerConfig
from movie_genie.retrieval import sequential_ridge
from movie_genie.retrieval.two_tower import TwoTower
from movie_genie.training.examples import Content, Examples
from movie_genie.training.item_tower import Features
from movie_genie.training.run import Stage
from movie_genie.training.run import train as train_stage

CLOSED_FORMS = {"sequential_ridge": sequential_ridge.fit_and_write}
"""By the `kind` in configs/two_tower.yaml: each fits one protocol's examples and writes a model's folder."""


def train(config: TwoTowerConfig, root: Path) -> None:
    """Train the retrieval models of each protocol and write models/two_tower/."""

    def build(content: Content, examples: Examples) -> TwoTower:
        return TwoTower(Features.of(content, examples), config)

    def beside(examples: Examples, folder: Path) -> None:
        for source in config.closed_forms:
            CLOSED_FORMS[source.kind](source, examples, folder / source.name)

    train_stage(Stage("two_tower_training", "two_tower", build, beside), config, root)
