"""The full softmax's loss without the table of all scores: part by part, and its gradients on the way.

A loss over all films has (events, items) scores, and automatic differentiation keeps several tables of that size. Yet
the gradient by a score is just its probability, less 1 at the target: so each part's gradients are summed up while it
is at hand, and what is kept has the size of the inputs (as in Liger Kernel, Hsu et al. 2024, arXiv:2410.10989).
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

SCORES_AT_ONCE = {"cpu": 2**20, "cuda": 2**25}
"""By device: few enough for a core's caches, many enough to keep a GPU busy."""


class SoftmaxLoss(torch.autograd.Function):
    """Mean cross-entropy of targets under softmax(states @ vectors.T + bias)."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
        """(events, dim), (items, dim), (items,), (events,) int -> the mean over events."""
        # A product that writes or reads whole rows of all films' scores takes half the time of the same by columns.
        across = vectors.T.contiguous()  # (dim, items)
        by_states, by_across, by_bias = (
            torch.zeros_like(given) if asked else None
            for given, asked in zip((states, across, bias), ctx.needs_input_grad, strict=False)
        )
        events, items = len(states), len(vectors)
        rows = max(1, min(events, SCORES_AT_ONCE[states.device.type] // items))
        buffer = states.new_empty(rows, items)
        total = states.new_zeros(())
        for first in range(0, events, rows):
            part, target = states[first : first + rows], targets[first : first + rows, None]
            table = torch.mm(part, across, out=buffer[: len(part)]).add_(bias)  # (rows, items)
            total += _to_gradient(table, target)
            if by_states is not None:
                torch.mm(table, vectors, out=by_states[first : first + rows])
            if by_across is not None:
                by_across.addmm_(part.T, table)
            if by_bias is not None:
                by_bias += table.sum(0)
        gradients = (by_states, None if by_across is None else by_across.T, by_bias)
        ctx.save_for_backward(*(None if sums is None else sums.div_(events) for sums in gradients))
        return total / events

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients that `forward` found, times the one by the loss."""
        return *(None if found is None else upstream * found for found in ctx.saved_tensors), None


def _to_gradient(table: Tensor, target: Tensor) -> Tensor:
    """Turn scores into the gradient of their summed losses, in place; return the sum.

    (rows, items), (rows, 1) int -> ().
    """
    own = table.gather(1, target)
    highest = table.amax(1, keepdim=True)
    torch.softmax(table, 1, out=table)
    # By the likeliest film, whose probability is never too small for its logarithm.
    normaliser = highest - table.amax(1, keepdim=True).log()
    table.scatter_(1, target, table.gather(1, target) - 1)
    return (normaliser - own).sum()
