"""From tables to a model's folder: what the training stages do, for each protocol in turn."""

import csv
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from movie_genie.artifacts import MODELS, WEIGHTS
from movie_genie.config import TrainingConfig
from movie_genie.data.dataset import read_films, read_interactions
from movie_genie.data.schemas import PROTOCOLS, RELEASED
from movie_genie.files import atomic_path, write_json
from movie_genie.history import History
from movie_genie.tracking import track
from movie_genie.training.batches import Batch, batches, pad, windows
from movie_genie.training.checkpoint import Checkpoint, forget
from movie_genie.training.device import choose_device
from movie_genie.training.examples import Content, Examples, content_of, examples_of
from movie_genie.training.export import export
from movie_genie.training.loop import fit, make_deterministic, validation_metrics
from movie_genie.training.losses import make_loss
from movie_genie.training.model import SequenceModel
from movie_genie.training.state import Fit

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """What a training stage trains; its outputs lie in `models/<model>/`."""

    name: str
    model: str
    build: Callable[[Content, Examples], SequenceModel]
    beside: Callable[[Content, Examples, Path], None] | None = None
    """Fits further models of a protocol, and writes each to a folder of its name in the given one."""


def train(stage: Stage, config: TrainingConfig, root: Path) -> None:
    """Train one model a protocol; write weights, validation metrics and the released model's learning curve.

    The released protocol's model is the one that viewers get; the others only show how such a model fares when judged
    by another protocol, whose test events it must not have seen. An interrupted stage goes on after its last whole
    epoch; the checkpoints of all protocols are removed when everything is written.
    """
    interactions, films = read_interactions(root), read_films(root)
    content = content_of(films)
    folder = root / MODELS / stage.model
    device = choose_device(config.device)
    parameters = config.model_dump()
    metrics: dict[str, float] = {}
    with track(stage.name, parameters) as run:
        for protocol in PROTOCOLS:
            make_deterministic(config)
            prefix = "" if protocol == RELEASED else f"{protocol}_"
            examples = examples_of(interactions, len(films), protocol)
            model = stage.build(content, examples).to(device)
            kept = Checkpoint.of(root, stage.model, protocol, parameters, content, examples, model)

            def on_epoch(row: dict[str, float], epoch: int, prefix: str = prefix) -> None:
                run.log({prefix + name: value for name, value in row.items() if name != "epoch"}, step=epoch)

            label = f"{stage.name} ({protocol})"
            result = train_one(model, examples, config, label, on_epoch, device, kept)
            target = folder / WEIGHTS / protocol
            export(model, target / stage.model, config.max_history, {"protocol": protocol, **parameters})
            if stage.beside is not None:
                stage.beside(content, examples, target)
            metrics |= {prefix + name: value for name, value in result.best.items()}
            metrics |= {
                f"{prefix}epochs": len(result.curve),
                f"{prefix}training_time_seconds": result.seconds,
            }
            if protocol == RELEASED:
                write_curve(folder / "curve.csv", result)
        metrics["parameters"] = sum(parameter.numel() for parameter in model.parameters())
        run.summary(metrics)
    write_json(folder / "metrics.json", {name: round(value, 6) for name, value in metrics.items()})
    forget(root, stage.model)


def train_one(
    model: SequenceModel,
    examples: Examples,
    config: TrainingConfig,
    label: str,
    on_epoch: Callable[[dict[str, float], int], None],
    device: torch.device,
    checkpoint: Checkpoint,
) -> Fit:
    """Train `model` on one protocol's sequences; leave the best weights in it."""
    rng = np.random.default_rng(config.seed)
    loss = make_loss(config, examples.popularity, device)

    def epoch_losses() -> Iterator[Tensor]:
        pieces = windows(examples.sequences, config.max_history, rng)
        for batch in batches(pieces, config.tokens_per_batch, examples.items, rng):
            yield model.loss(to(batch, device), loss)

    @torch.no_grad()
    def scores(histories: list[History]) -> NDArray[np.float32]:
        read = [history if model.reads_ratings else history.in_favour for history in histories]
        batch = pad([history.latest(config.max_history) for history in read], examples.items)
        table: NDArray[np.float32] = model.scores(to(batch, device)).cpu().numpy()
        return table

    events = sum(map(len, examples.sequences))
    log.info("%s: %d sequences, %d ratings, %d films", label, len(examples.sequences), events, examples.items)
    steps = max(1, round(events / config.tokens_per_batch))

    def validate() -> dict[str, float]:
        return validation_metrics(examples.validation, scores)

    return fit(model, config, label, epoch_losses, steps, validate, on_epoch, rng, checkpoint)


def to(batch: Batch, device: torch.device) -> Batch:
    """The batch on a device."""
    return Batch(*(given.to(device) for given in batch))


def write_curve(path: Path, result: Fit) -> None:
    """Write one row an epoch: epoch, train_loss, validation metrics."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(result.curve[0]))
        writer.writeheader()
        writer.writerows(result.curve)
