"""Stage `two_tower_training`."""

from pathlib import Path

from movie_genie.config import TwoTowerConfig
from movie_genie.retrieval.neighbours import fit_neighbours
from movie_genie.retrieval.two_tower import TwoTower
from movie_genie.training.examples import Content, Examples
from movie_genie.training.item_tower import Features
from movie_genie.training.run import Stage
from movie_genie.training.run import train as train_stage


def train(config: TwoTowerConfig) -> None:
    """Train the retrieval model of each protocol and write models/two_tower/."""

    def build(content: Content, examples: Examples) -> TwoTower:
        neighbours = fit_neighbours(
            examples.sequences,
            examples.items,
            most_films=config.neighbour_films,
            kept=config.neighbours_kept,
            decay=config.neighbour_decay,
            window=config.neighbour_window,
            ridge=config.neighbour_ridge,
        )
        return TwoTower(Features.of(content, examples), neighbours, config)

    train_stage(Stage("two_tower_training", Path("models/two_tower"), build), config)
