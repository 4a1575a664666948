"""The training loop: seeded, early-stopped on validation NDCG@10, best weights kept, resumed after an interruption."""

import logging
import math
import time
from collections.abc import Callable, Iterable

import numpy as np
import torch
from joblib import cpu_count
from torch import Tensor, nn

from movie_genie.cli import progress
from movie_genie.config import TrainingConfig
from movie_genie.data.cases import Cases
from movie_genie.errors import UserError
from movie_genie.history import History
from movie_genie.metrics import ndcg_at_k, rank_of_target, recall_at_k
from movie_genie.training.checkpoint import Checkpoint
from movie_genie.training.state import Fit, State

log = logging.getLogger(__name__)

WARM_UP_SHARE = 0.05


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
    rng: np.random.Generator,
    checkpoint: Checkpoint,
) -> Fit:
    """Train until validation NDCG@10 has not risen for `config.patience` epochs; leave the best weights in `model`.

    Parameters
    ----------
    epoch_losses
        Gives the losses of one epoch, one a batch, each to be followed by a step.
    steps_per_epoch
        About how many of them, for the learning rate's schedule.
    on_epoch
        Told each epoch's row of the curve, those before an interruption too.
    rng
        What `epoch_losses` draws from, besides torch's own generators.
    checkpoint
        Where the training goes on from, if it was interrupted, and is kept after each epoch.

    Raises
    ------
    UserError
        When a loss, a gradient or a validation score is no finite number; no step was made on it.
    """
    rate = learning_rate(config, steps_per_epoch)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    state = State(model, optimizer, rng)
    if (kept := checkpoint.read()) is not None:
        state.restore(*kept)
        log.info("%s: goes on after epoch %d of an interrupted training", label, len(state.fit.curve))
        for row in state.fit.curve:
            on_epoch(row, int(row["epoch"]))
    while _epochs_left(state.fit, config):
        started, epoch = time.perf_counter(), len(state.fit.curve) + 1
        try:
            losses = progress(epoch_losses(), f"{label}: epoch {epoch}", steps_per_epoch)
            state.close_epoch(_train_epoch(state, losses, rate), validate())
        except FloatingPointError as error:
            advice = _advice(state.fit)
            raise UserError(
                f"{label}: epoch {epoch}, after {state.fit.steps} steps in all: {error}; {advice}"
            ) from None
        state.fit.seconds += time.perf_counter() - started
        checkpoint.write(state.tensors(), state.numbers())
        _say(label, state.fit, _epochs_left(state.fit, config))
        on_epoch(state.fit.curve[-1], epoch)
    model.load_state_dict(state.best_weights)
    log.info(
        "%s: kept epoch %d of %d, %.0f s",
        label,
        state.fit.best_epoch,
        len(state.fit.curve),
        state.fit.seconds,
    )
    return state.fit


def learning_rate(config: TrainingConfig, steps_per_epoch: int) -> Callable[[int], float]:
    """The learning rate of each step, counted from 0: linear warm-up, then a cosine to zero."""
    total = steps_per_epoch * config.max_epochs
    warm_up = max(1, int(total * WARM_UP_SHARE))
    return lambda step: (
        config.learning_rate * min((step + 1) / warm_up, 0.5 * (1 + math.cos(math.pi * min(step / total, 1))))
    )


def _train_epoch(state: State, losses: Iterable[Tensor], rate: Callable[[int], float]) -> float:
    """Make a step on each loss; return their mean."""
    state.model.train()
    total, count = 0.0, 0
    for loss in losses:
        for group in state.optimizer.param_groups:
            group["lr"] = rate(state.fit.steps)
        total, count = total + _step(state, loss), count + 1
        state.fit.steps += 1
    state.model.eval()
    return total / max(count, 1)


def _step(state: State, loss: Tensor) -> float:
    """Follow a loss's gradient, unless one of both is no finite number; return the loss."""
    value = float(loss.detach())
    if not math.isfinite(value):
        raise FloatingPointError(f"the loss became {value}")
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
    norm = float(nn.utils.clip_grad_norm_(state.model.parameters(), 1.0))
    if not math.isfinite(norm):
        raise FloatingPointError(f"the gradient's norm became {norm}")
    state.optimizer.step()
    return value


def _epochs_left(result: Fit, config: TrainingConfig) -> int:
    """How many epochs may follow: none once the best is `patience` epochs old."""
    done = len(result.curve)
    return 0 if done - result.best_epoch >= config.patience else config.max_epochs - done


def _advice(result: Fit) -> str:
    if result.steps:
        return "set a lower learning_rate in the stage's file of configs/"
    return "as nothing was learned yet, look in data/processed for values that are no finite numbers"


def _say(label: str, result: Fit, epochs_left: int) -> None:
    """Log the latest epoch, and how long the training takes if no epoch is spared."""
    row = result.curve[-1]
    left = f", {time_left(result.seconds / len(result.curve) * epochs_left)}" if epochs_left else ""
    log.info(
        "%s: epoch %d, loss %.3f, validation NDCG@10 %.4f%s",
        label,
        row["epoch"],
        row["train_loss"],
        row["validation_ndcg_at_10"],
        left,
    )


def time_left(seconds: float) -> str:
    """A bound in words: training may stop earlier.

    >>> [time_left(seconds) for seconds in (0.2, 89, 91, 5000, 9000)]
    ['at most 1 s left', 'at most 89 s left', 'at most 2 min left', 'at most 84 min left', 'at most 2.5 h left']
    """
    if seconds < 90:
        return f"at most {math.ceil(seconds)} s left"
    if seconds < 90 * 60:
        return f"at most {math.ceil(seconds / 60)} min left"
    return f"at most {seconds / 3600:.1f} h left"


def validation_metrics(
    cases: Cases, scores: Callable[[list[History]], np.ndarray], cases_at_once: int = 256
) -> dict[str, float]:
    """Rank each validation target among all items that its history does not hold.

    `scores` maps histories to (cases, items) float32.

    Raises
    ------
    FloatingPointError
        When a score is no finite number.
    """
    ranks = []
    for first in range(0, len(cases), cases_at_once):
        batch = cases.take(slice(first, first + cases_at_once))
        table = scores(batch.histories())
        if not np.isfinite(table).all():
            raise FloatingPointError("a validation score is no finite number")
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
