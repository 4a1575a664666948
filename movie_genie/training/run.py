"""From tables to a model's folder: what the two training stages do, for each protocol in turn."""

import csv
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from movie_genie import weights
from movie_genie.config import TrainingConfig
from movie_genie.data.schemas import PROTOCOLS
from movie_genie.files import atomic_path, write_json
from movie_genie.tracking import track
from movie_genie.training.batches import batches, pad, windows
from movie_genie.training.examples import Content, Examples, examples_of, load_content, load_interactions
from movie_genie.training.loop import Fit, fit, make_deterministic, validation_metrics
from movie_genie.training.losses import sampling_probabilities
from movie_genie.training.model import SequenceModel

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """Where a training stage writes, and what it trains."""

    name: str
    folder: Path
    build: Callable[[Content, Examples], SequenceModel]


def train(stage: Stage, config: TrainingConfig) -> None:
    """Train one model a protocol; write weights, validation metrics and the released model's learning curve.

    The first protocol's model is the one released; the others only show how such a model fares when judged by
    another protocol, whose test events it must not have seen.
    """
    interactions, content = load_interactions(), load_content()
    parameters = config.model_dump()
    metrics: dict[str, float] = {}
    with track(stage.name, parameters) as run:
        for protocol in PROTOCOLS:
            make_deterministic(config)
            released = protocol == PROTOCOLS[0]
            examples = examples_of(interactions, len(content.text), protocol)
            model = stage.build(content, examples)

            def on_epoch(
                row: dict[str, float], epoch: int, prefix: str = "" if released else f"{protocol}_"
            ) -> None:
                run.log({prefix + name: value for name, value in row.items() if name != "epoch"}, step=epoch)

            result = train_one(model, examples, config, f"{stage.name} ({protocol})", on_epoch)
            weights.save(
                stage.folder / "weights" / protocol,
                {name: tensor.detach().numpy() for name, tensor in model.export().items()},
                {"protocol": protocol, "items": examples.items, **parameters},
            )
            prefix = "" if released else f"{protocol}_"
            metrics |= {prefix + name: value for name, value in result.best.items()}
            metrics |= {
                f"{prefix}epochs": len(result.curve),
                f"{prefix}training_time_seconds": result.seconds,
            }
            if released:
                write_curve(stage.folder / "curve.csv", result)
        metrics["parameters"] = sum(parameter.numel() for parameter in model.parameters())
        run.summary(metrics)
    write_json(stage.folder / "metrics.json", {name: round(value, 6) for name, value in metrics.items()})


def train_one(
    model: SequenceModel,
    examples: Examples,
    config: TrainingConfig,
    label: str,
    on_epoch: Callable[[dict[str, float], int], None],
) -> Fit:
    """Train `model` on one protocol's sequences; leave the best weights in it."""
    rng = np.random.default_rng(config.seed)
    popularity = np.bincount(np.concatenate(examples.sequences), minlength=examples.items)
    sampling = sampling_probabilities(torch.from_numpy(popularity), config.negatives)

    def epoch_losses() -> Iterator[Tensor]:
        pieces = windows(examples.sequences, config.max_history, rng)
        for batch in batches(pieces, config.tokens_per_batch, examples.items, rng):
            yield model.loss(torch.from_numpy(batch), sampling)

    def scores(histories: list[NDArray[np.int64]]) -> NDArray[np.float32]:
        recent = [history[-config.max_history :] for history in histories]
        table: NDArray[np.float32] = model.scores(torch.from_numpy(pad(recent, examples.items))).numpy()
        return table

    events = sum(map(len, examples.sequences))
    log.info("%s: %d sequences, %d ratings, %d films", label, len(examples.sequences), events, examples.items)
    steps = max(1, round(events / config.tokens_per_batch))

    def validate() -> dict[str, float]:
        return validation_metrics(examples, scores)

    result = fit(model, config, label, epoch_losses, steps, validate, on_epoch)
    result.best = model.settle(validate)
    log.info("%s: validation NDCG@10 %.4f at the end", label, result.best["ndcg_at_10"])
    return result


def write_curve(path: Path, result: Fit) -> None:
    """Write one row an epoch: epoch, train_loss, validation metrics."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(result.curve[0]))
        writer.writeheader()
        writer.writerows(result.curve)
