"""Epochs of one of our trainings, timed and counted; no stage is run and nothing is kept."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import torch
from torch.utils.flop_counter import FlopCounterMode

from movie_genie.config import TrainingConfig
from movie_genie.data.schemas import RELEASED
from movie_genie.training.checkpoint import Checkpoint
from movie_genie.training.device import choose_device
from movie_genie.training.examples import Content, Examples, content_of, examples_of
from movie_genie.training.item_tower import Features
from movie_genie.training.loop import make_deterministic
from movie_genie.training.model import SequenceModel
from movie_genie.training.run import train_one

Build = Callable[[Features, torch.Tensor], SequenceModel]
"""Features and usual stars of the films -> a model with its first weights."""


@dataclass(frozen=True)
class Training:
    """What is trained, on what."""

    build: Build
    content: Content
    examples: Examples

    @classmethod
    def of(cls, build: Build, interactions: pd.DataFrame, films: pa.Table) -> "Training":
        """The released protocol's, on INTERACTIONS and CONTENT."""
        examples = examples_of(interactions, len(films), RELEASED)
        # One case, as the time of a validation is not asked for.
        examples = replace(examples, validation=examples.validation.take(slice(1)))
        return cls(build, content_of(films), examples)

    @property
    def ratings(self) -> int:
        """How many an epoch reads."""
        return sum(map(len, self.examples.sequences))

    def seconds(self, config: TrainingConfig) -> float:
        """Seconds of an epoch: the mean of `config.max_epochs`, without what is done once."""
        make_deterministic(config)
        device, examples = choose_device(config.device), self.examples
        usual = torch.from_numpy(examples.usual_stars)
        model = self.build(Features.of(self.content, examples), usual).to(device)
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = Checkpoint(Path(folder) / "checkpoint", "")
            result = train_one(model, examples, config, "speed", lambda row, epoch: None, device, checkpoint)
        return result.seconds / len(result.curve)

    def operations(self, config: TrainingConfig) -> int:
        """Floating point operations that PyTorch counts in the products of an epoch, by training one."""
        with FlopCounterMode(display=False) as counter:
            self.seconds(config.model_copy(update={"max_epochs": 1}))
        return int(counter.get_total_flops())
