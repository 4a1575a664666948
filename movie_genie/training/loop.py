"""The training loop: seeded, early-stopped on validation NDCG@10, best weights kept."""

import copy
import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from joblib import cpu_count
from torch import Tensor, nn

from movie_genie.config import TrainingConfig
from movie_genie.data.cases import Cases
from movie_genie.errors import UserError
from movie_genie.metrics import ndcg_at_k, rank_of_target, recall_at_k

log = logging.getLogger(__name__)

WARM_UP_SHARE = 0.05


@dataclass
class Fit:
    """What a training leaves behind, besides the weights."""

    best: dict[str, float]
    """Validation metrics of the epoch whose weights were kept."""
    curve: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0


def make_deterministic(config: TrainingConfig) -> None:
    """Seed torch and fix its thread count: sums are then taken in the same order every time on one machine."""
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads or half_of_the_cores())
    torch.use_deterministic_algorithms(True)
    # nothing here reads memory before writing it, so it need not be filled
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # no types


def half_of_the_cores() -> int:
    """Half of the cores that this process may use, by its affinity and its control group's quota; at least 1."""
    return max(1, int(cpu_count()) // 2)


def fit(
    model: nn.Module,
    config: TrainingConfig,
    label: str,
    epoch_losses: Callable[[], Iterable[Tensor]],
    steps_per_epoch: int,
    validate: Callable[[], dict[str, float]],
    on_epoch: Callable[[dict[str, float], int], None],
) -> Fit:
    """Train until validation NDCG@10 has not risen for `config.patience` epochs; leave the best weights in `model`.

    Parameters
    ----------
    epoch_losses
        Gives the losses of one epoch, one a batch, each to be followed by a step.
    steps_per_epoch
        About how many of them, for the learning rate's schedule (linear warm-up, then cosine to zero).
    on_epoch
        Told the epoch's row of the curve.
    """
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    total = steps_per_epoch * config.max_epochs
    warm_up = max(1, int(total * WARM_UP_SHARE))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / warm_up, 0.5 * (1 + math.cos(math.pi * min(step / total, 1)))),
    )
    started = time.perf_counter()
    result = Fit(best={"ndcg_at_10": -1.0})
    kept, kept_epoch = copy.deepcopy(model.state_dict()), 0
    for epoch in range(1, config.max_epochs + 1):
        model.train()
        total_loss, count = 0.0, 0
        for loss in epoch_losses():
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total_loss, count = total_loss + float(loss.detach()), count + 1
        if not math.isfinite(total_loss):
            raise UserError(f"{label}: the loss became {total_loss}; lower learning_rate")
        model.eval()
        metrics = validate()
        row = {"epoch": float(epoch), "train_loss": total_loss / max(count, 1)}
        row |= {f"validation_{name}": value for name, value in metrics.items()}
        result.curve.append(row)
        on_epoch(row, epoch)
        log.info(
            "%s: epoch %d, loss %.3f, validation NDCG@10 %.4f",
            label,
            epoch,
            row["train_loss"],
            metrics["ndcg_at_10"],
        )
        if metrics["ndcg_at_10"] > result.best["ndcg_at_10"]:
            result.best, kept, kept_epoch = metrics, copy.deepcopy(model.state_dict()), epoch
        elif epoch - kept_epoch >= config.patience:
            break
    model.load_state_dict(kept)
    result.seconds = time.perf_counter() - started
    log.info("%s: kept epoch %d of %d, %.0f s", label, kept_epoch, len(result.curve), result.seconds)
    return result


def validation_metrics(
    cases: Cases, scores: Callable[[list[np.ndarray]], np.ndarray], cases_at_once: int = 256
) -> dict[str, float]:
    """Rank each validation target among all items that its history does not hold.

    `scores` maps histories to (cases, items) float32.
    """
    ranks = []
    for first in range(0, len(cases), cases_at_once):
        batch = cases.take(slice(first, first + cases_at_once))
        table = scores(batch.histories())
        for row, seen in zip(table, batch.all_seen(), strict=True):
            row[seen] = -np.inf
        ranks.append(rank_of_target(table, batch.targets))
    rank = np.concatenate(ranks)
    return {
        "ndcg_at_10": ndcg_at_k(rank, 10),
        "recall_at_10": recall_at_k(rank, 10),
        "recall_at_50": recall_at_k(rank, 50),
        "recall_at_200": recall_at_k(rank, 200),
    }
