"""What a network's states are taught by, chosen by its name in the configuration."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from movie_genie.config import TrainingConfig
from movie_genie.training.softmax import SoftmaxLoss

Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""states (events, dim), film vectors (items, dim), bias (items,), targets (events,) int -> mean loss."""


def make_loss(config: TrainingConfig, popularity: NDArray[np.int64], device: torch.device) -> Loss:
    """The loss that `config.loss` names; `popularity` says how often training holds each film: (items,)."""
    match config.loss:
        case "softmax":
            return softmax_loss
        case "sampled_softmax":
            counts = torch.from_numpy(popularity).to(device)
            sampling = sampling_probabilities(counts, config.negatives)
            return partial(sampled_softmax_loss, sampling=sampling)
        case "gbce":
            return partial(gbce_loss, negatives=config.negatives, calibration=config.gbce_calibration)


def softmax_loss(states: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of `targets` under softmax(states @ vectors.T + bias), over all films."""
    loss: Tensor = SoftmaxLoss.apply(states, vectors, bias, targets)  # type: ignore[no-untyped-call]  # torch has no types here
    return loss


def sampling_probabilities(popularity: Tensor, expected: int) -> Tensor:
    """Chance of each item to be among a step's negatives, so that about `expected` are drawn.

    Proportional to the square root of popularity (Mikolov et al. 2013 damp it too), at most 1; (items,) -> (items,).
    """
    damped = (popularity.float() + 1).sqrt()
    low, high = 0.0, float(expected)
    # Bisection: items that reach 1 leave their surplus to the others.
    for _ in range(50):
        middle = (low + high) / 2
        if (damped * middle).clamp(max=1).sum() < min(expected, len(damped)):
            low = middle
        else:
            high = middle
    return (damped * high).clamp(max=1)


def sampled_softmax_loss(
    states: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor, sampling: Tensor
) -> Tensor:
    """`softmax_loss`, its normaliser estimated on a sample of the films.

    Each item is drawn on its own with chance `sampling` (items,), and a drawn item counts 1 / chance in the
    normaliser, which makes the sum over items unbiased (Horvitz & Thompson 1952; Bengio & Senécal 2008 for
    the softmax). One draw serves the whole batch. With all chances 1 this is the exact loss.
    """
    drawn = torch.nonzero(torch.rand(len(sampling), device=sampling.device) < sampling)[:, 0]  # (negatives,)
    negatives = states @ vectors[drawn].T + (bias[drawn] - sampling[drawn].log())  # (events, negatives)
    negatives = negatives.masked_fill(drawn[None, :] == targets[:, None], -torch.inf)
    own = (states * vectors[targets]).sum(-1) + bias[targets]  # (events,)
    return (torch.logaddexp(own, negatives.logsumexp(-1)) - own).mean()


def gbce_loss(
    states: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor, negatives: int, calibration: float
) -> Tensor:
    """Generalised binary cross-entropy (Petrov & Macdonald 2023, equations 6 and 14).

    The probability of the target is raised to a power that makes up for how few films are shown as negatives, so
    that scores stay probabilities at `calibration` 1; at 0 this is the plain binary cross-entropy. `negatives` films
    are drawn with equal chances, one draw for the whole batch; those that are an event's target do not count for it.
    """
    items = len(vectors)
    negatives = min(negatives, items - 1)
    share = negatives / (items - 1)
    power = share * (calibration * (1 - 1 / share) + 1 / share)
    drawn = torch.randint(items, (negatives,), device=vectors.device)
    others = states @ vectors[drawn].T + bias[drawn]  # (events, negatives)
    others = F.logsigmoid(-others).masked_fill(drawn[None, :] == targets[:, None], 0.0)
    own = (states * vectors[targets]).sum(-1) + bias[targets]  # (events,)
    return -(power * F.logsigmoid(own) + others.sum(-1)).mean() / (negatives + 1)
