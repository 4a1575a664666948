"""Stage `bert4rec_training`."""

from pathlib import Path

import torch

from movie_genie.config import Bert4RecConfig
from movie_genie.ranking.bert4rec import Bert4Rec
from movie_genie.training.examples import Content, Examples
from movie_genie.training.item_tower import Features
from movie_genie.training.run import Stage
from movie_genie.training.run import train as train_stage


def train(config: Bert4RecConfig, root: Path) -> None:
    """Train the ranking model of each protocol and write models/bert4rec/."""

    def build(content: Content, examples: Examples) -> Bert4Rec:
        usual = torch.from_numpy(examples.usual_stars)
        return Bert4Rec(Features.of(content, examples), usual, config)

    train_stage(Stage("bert4rec_training", "bert4rec", build), config, root)
