"""Softmax cross-entropy over a vocabulary too large to score whole at every step."""

import torch
from torch import Tensor


def sampling_probabilities(popularity: Tensor, expected: int) -> Tensor:
    """Chance of each item to be among a step's negatives, so that about `expected` are drawn.

    Proportional to the square root of popularity (Mikolov et al. 2013 damp it too), at most 1; (items,) -> (items,).
    """
    damped = (popularity.float() + 1).sqrt()
    low, high = 0.0, float(expected)
    for _ in range(50):  # bisection: items that reach 1 leave their surplus to the others
        middle = (low + high) / 2
        if (damped * middle).clamp(max=1).sum() < min(expected, len(damped)):
            low = middle
        else:
            high = middle
    return (damped * high).clamp(max=1)


def sampled_softmax_loss(
    users: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor, sampling: Tensor
) -> Tensor:
    """Mean cross-entropy of `targets` under softmax(users @ vectors.T + bias), its normaliser estimated.

    Each item is drawn on its own with chance `sampling`, and a drawn item counts 1 / chance in the
    normaliser, which makes the sum over items unbiased (Horvitz & Thompson 1952; Bengio & Senécal 2008 for
    the softmax). One draw serves the whole batch. With all chances 1 this is the exact loss.

    Parameters
    ----------
    users : (events, dim)
    vectors : (items, dim)
    bias : (items,)
    targets : (events,) int
    sampling : (items,) chances in (0, 1]
    """
    drawn = torch.nonzero(torch.rand(len(sampling)) < sampling)[:, 0]  # (negatives,)
    negatives = users @ vectors[drawn].T + (bias[drawn] - sampling[drawn].log())  # (events, negatives)
    negatives = negatives.masked_fill(drawn[None, :] == targets[:, None], -torch.inf)
    own = (users * vectors[targets]).sum(-1) + bias[targets]  # (events,)
    return (torch.logaddexp(own, negatives.logsumexp(-1)) - own).mean()
