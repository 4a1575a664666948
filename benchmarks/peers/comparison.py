"""BERT4Rec's training beside a peer's, in turns: the same ratings, size, threads and machine, in float32 on the CPU.

The size is the one at which RecTools publishes its figures. RecTools reads the latest ratings of each user only, where
our training cuts a long history into several sequences; so both are given the latest ratings, and just the films in
them, over which both take a softmax.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import torch

from benchmarks.epochs import Training
from benchmarks.peers.process import Answer, Question, ask, check_installed
from benchmarks.product import product_speed
from movie_genie.config import Bert4RecConfig
from movie_genie.data.dataset import read_films, read_interactions
from movie_genie.data.schemas import RELEASED, TRAIN
from movie_genie.errors import UserError
from movie_genie.ranking.bert4rec import Bert4Rec
from movie_genie.training.loop import make_deterministic

SIZE = {"hidden_dim": 64, "blocks": 2, "heads": 2}
LENGTH, BATCH_SIZE = 200, 128


class Turn(NamedTuple):
    """One epoch, and a plain product in the same process."""

    seconds: float
    product_speed: float


def compare(project: Path, config: Bert4RecConfig, python: Path, turns: int) -> dict[str, object]:
    """Medians over epochs of both, trained in turns; `python` has the peer."""
    check_installed(python)
    changes = SIZE | {"max_history": LENGTH, "tokens_per_batch": LENGTH * BATCH_SIZE, "device": "cpu"}
    config = config.model_copy(update=changes | {"max_epochs": 1, "patience": 1})
    interactions, films = same_for_both(read_interactions(project), read_films(project), LENGTH)
    training = Training.of(lambda features, usual: Bert4Rec(features, usual, config), interactions, films)
    make_deterministic(config)
    with tempfile.TemporaryDirectory() as folder:
        ratings = Path(folder) / "ratings.csv"
        write_ratings(interactions, ratings)
        question = Question(
            ratings=str(ratings),
            objective=config.objective,
            **SIZE,
            length=LENGTH,
            batch_size=BATCH_SIZE,
            dropout=config.dropout,
            learning_rate=config.learning_rate,
            threads=torch.get_num_threads(),
            seed=config.seed,
        )
        operations = training.operations(config)  # also warms up
        ours: list[Turn] = []
        theirs: list[Answer] = []
        for _ in range(turns):
            ours.append(Turn(training.seconds(config), product_speed(torch.device("cpu"))))
            theirs.append(ask(python, question))
            if theirs[-1].ratings != training.ratings:
                raise UserError(
                    f"{python}: RecTools read {theirs[-1].ratings} ratings of the {training.ratings} it was given"
                )
    return {
        "name": "rectools",
        "version": theirs[-1].version,
        "objective": config.objective,
        "threads": question.threads,
        "size": {**SIZE, "length": LENGTH, "batch_size": BATCH_SIZE},
        "users": len(training.examples.sequences),
        "films": training.examples.items,
        "ratings": training.ratings,
        "epochs": turns,
        **figures(ours, operations, theirs, training.ratings),
    }


def same_for_both(interactions: pd.DataFrame, films: pa.Table, length: int) -> tuple[pd.DataFrame, pa.Table]:
    """Leave the `length` latest training ratings of each user, and the films in them, counted anew from 0.

    Users with a single one are dropped, as both trainings would.
    """
    training = interactions[interactions[RELEASED] == TRAIN].groupby("user_idx").tail(length)
    training = training[training.groupby("user_idx")["item_idx"].transform("size") > 1]
    kept = np.unique(training["item_idx"])
    # Questions for validation, without which no training runs; their time is not asked for.
    others = interactions[
        (interactions[RELEASED] != TRAIN)
        & interactions["item_idx"].isin(kept)
        & interactions["user_idx"].isin(training["user_idx"])
    ]
    rows = pd.concat([training, others]).sort_values(["user_idx", "position"])
    return rows.assign(item_idx=np.searchsorted(kept, rows["item_idx"])), films.take(pa.array(kept))


def write_ratings(interactions: pd.DataFrame, path: Path) -> None:
    """Write the training ratings as Question says."""
    names = {"user_idx": "user_id", "item_idx": "item_id", "timestamp": "datetime"}
    training = interactions[interactions[RELEASED] == TRAIN]
    training[list(names)].rename(columns=names).to_csv(path, index=False)


def figures(
    ours: Sequence[Turn], operations: float, theirs: Sequence[Answer], ratings: int
) -> dict[str, object]:
    """Medians of both, each share by the product of the same turn, and how many times faster ours is."""
    seconds = {
        "ours": median(turn.seconds for turn in ours),
        "rectools": median(turn.seconds for turn in theirs),
    }
    shares = {
        "ours": median(operations / turn.seconds / turn.product_speed for turn in ours),
        "rectools": median(turn.operations / turn.seconds / turn.product_speed for turn in theirs),
    }
    counted = {"ours": operations, "rectools": theirs[-1].operations}
    return {
        "seconds_per_epoch": {name: round(value, 2) for name, value in seconds.items()},
        "tokens_per_second": {name: round(ratings / value) for name, value in seconds.items()},
        "gflop_per_epoch": {name: round(value / 1e9, 1) for name, value in counted.items()},
        "share_of_matmul_speed": {name: round(value, 3) for name, value in shares.items()},
        "times_faster_than_rectools": round(seconds["rectools"] / seconds["ours"], 2),
    }
