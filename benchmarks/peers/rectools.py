"""RecTools' transformers, timed: `PYTHON -m benchmarks.peers.rectools`, by a Python that has `rectools[torch]`.

What is asked comes as JSON on standard input, and the answer is one line of JSON on standard output; what both hold is
written down in process.py. Nothing of movie_genie is imported, as its packages are not there.
"""

import json
import sys
import time
from importlib.metadata import version
from typing import Any

import pandas as pd
import torch
from pytorch_lightning import Callback, Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import BERT4RecModel, SASRecModel
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.product import product_speed

MODELS = {"causal": SASRecModel, "cloze": BERT4RecModel}


class Clock(Callback):
    """Notes what each epoch took."""

    def __init__(self) -> None:
        self.begun, self.seconds = 0.0, list[float]()

    def on_train_epoch_start(self, trainer: Trainer, module: object) -> None:
        """See Callback."""
        self.begun = time.perf_counter()

    def on_train_epoch_end(self, trainer: Trainer, module: object) -> None:
        """See Callback."""
        self.seconds.append(time.perf_counter() - self.begun)


def main() -> None:
    """Read what is asked, train, answer."""
    asked = json.load(sys.stdin)
    torch.set_num_threads(asked["threads"])
    seed_everything(asked["seed"])
    ratings = pd.read_csv(asked["ratings"])
    ratings[Columns.Datetime] = pd.to_datetime(ratings[Columns.Datetime], unit="s")
    dataset = Dataset.construct(ratings.assign(**{Columns.Weight: 1.0}))
    # PyTorch does not count its fused attention.
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        fit(dataset, asked, [], limit_train_batches=1)  # also warms up
    seconds, read = epoch(dataset, asked)
    users = ratings[Columns.User].nunique()
    # Every sequence is padded to the same length, so batches cost what their sequences do.
    batches = users / min(users, asked["batch_size"])
    answer = {
        "version": version("rectools"),
        "seconds": seconds,
        "ratings": read,
        "operations": counter.get_total_flops() * batches,
        "product_speed": product_speed(torch.device("cpu")),
    }
    print(json.dumps(answer))


def epoch(dataset: Dataset, asked: dict[str, Any]) -> tuple[float, int]:
    """Seconds of one epoch without what is done once, and how many ratings it read."""
    model = fit(dataset, asked, [Clock()])
    # What it trained with is a copy of what it was given.
    (clock,) = (one for one in model.fit_trainer.callbacks if isinstance(one, Clock))
    return clock.seconds[0], len(model.data_preparator.train_dataset.interactions.df)


def fit(dataset: Dataset, asked: dict[str, Any], callbacks: list[Callback], **limits: int) -> Any:
    """Train a new model for an epoch, or a part of one; Any, as both kinds share no public type."""
    model = MODELS[asked["objective"]](
        n_blocks=asked["blocks"],
        n_heads=asked["heads"],
        n_factors=asked["hidden_dim"],
        session_max_len=asked["length"],
        batch_size=asked["batch_size"],
        dropout_rate=asked["dropout"],
        lr=asked["learning_rate"],
        loss="softmax",
    )
    model._trainer = Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=1,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **limits,
    )
    return model.fit(dataset)


if __name__ == "__main__":
    main()
