"""Stage `two_tower_training`."""

from pathlib import Path

import numpy as np
import torch

from movie_genie.config import TwoTowerConfig
from movie_genie.retrieval.two_tower import ItemTower, TwoTower
from movie_genie.training.examples import Content, Examples
from movie_genie.training.run import Stage
from movie_genie.training.run import train as train_stage


def train(config: TwoTowerConfig) -> None:
    """Train the retrieval model of each protocol and write models/two_tower/."""

    def build(content: Content, examples: Examples) -> TwoTower:
        known = np.zeros((examples.items, 1), np.float32)
        known[np.concatenate(examples.sequences)] = 1
        text, genres, decade, known_films = map(
            torch.from_numpy, (content.text, content.genres, content.decade, known)
        )
        return TwoTower(ItemTower(text, genres, decade, known_films, config), config)

    train_stage(Stage("two_tower_training", Path("models/two_tower"), build), config)
