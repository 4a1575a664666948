"""Attention that knows how many places, and how much time, lie between two films of a history."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from movie_genie.config import Bert4RecConfig

TIME_BUCKETS = 22
"""By the logarithm of the gap: under a minute, under three, under seven, … four years or more."""

RECENCY = 0.02
"""What a step back takes off at first: training starts from a fading memory (Press et al. 2022, ALiBi)."""


class Gaps(nn.Module):
    """What a pair of places adds to each head's attention: by steps, and by time between question and film.

    The relative positions of Shaw et al. 2018 as scalars (Raffel et al. 2020), beside the buckets of time of HSTU (Zhai
    et al. 2024, section 4.2). Only differences of times enter, so a history shifted as a whole gives the same.
    """

    def __init__(self, config: Bert4RecConfig) -> None:
        super().__init__()
        longest = config.max_history + 2
        self.longest, self.heads = longest, config.heads
        # Steps back, or ahead as the cloze looks too.
        steps = torch.arange(longest - 1, -longest, -1).abs()
        self.by_step = nn.Parameter(-RECENCY * steps.float().expand(config.heads, -1).clone())
        self.by_time = nn.Parameter(torch.zeros(config.heads, TIME_BUCKETS)) if config.time_bias else None

    def forward(self, ages: Tensor, asked: Tensor, newest: bool = False) -> Tensor:
        """(batch, time) seconds before the history's end that films were rated, and that places ask about.

        -> (batch or 1, heads, time or 1, time), one row a place that asks.
        """
        time = ages.shape[1]
        if newest:
            bias = self.by_step[:, self.longest - time : self.longest][None, :, None]  # (1, heads, 1, time)
            # The newest place asks about now.
            gaps = ages[:, None]  # (batch, 1, time)
        else:
            place = torch.arange(time, device=ages.device)
            bias = self.by_step[:, self.longest - 1 - place[:, None] + place][None]  # (1, heads, time, time)
            gaps = (ages[:, None] - asked[:, :, None]).abs()  # (batch, time, time)
        if self.by_time is None:
            return bias
        return bias + look_up(self.by_time, buckets(gaps))


def buckets(seconds: Tensor) -> Tensor:
    """The bucket of each gap: int."""
    # The hundredth keeps whole minutes off the buckets' edges, where runtimes round differently.
    return (seconds.float() / 60 + 1.01).log2().long().clamp(max=TIME_BUCKETS - 1)


def look_up(table: Tensor, index: Tensor) -> Tensor:
    """(heads, n), (batch, …) int -> (batch, heads, …)."""
    if torch.is_grad_enabled() and index.device.type == "cpu":
        counted: Tensor = _LookUp.apply(table, index)  # type: ignore[no-untyped-call]  # torch has no types here
        return counted.transpose(0, 1)
    return F.embedding(index, table.T).movedim(-1, 1)


class _LookUp(torch.autograd.Function):
    """A look-up whose gradient is counted: PyTorch's own adds one number at a time to the table."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.size = table.shape[1]
        return torch.stack([row.take(index) for row in table])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        (index,) = ctx.saved_tensors
        flat = index.flatten()
        counted = [torch.bincount(flat, row.flatten(), ctx.size) for row in upstream]
        return torch.stack(counted).to(upstream.dtype), None


class Block(nn.Module):
    """One transformer block: self-attention, then a feed-forward of four times the width; pre-norm (Xiong et al. 2020).

    Attention is not dropped out: drawing for each pair of places costs more than the products.
    """

    def __init__(self, config: Bert4RecConfig) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.heads = config.heads
        self.gaps = Gaps(config)
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.query, self.key_value, self.mix = (
            nn.Linear(dim, dim),
            nn.Linear(dim, 2 * dim),
            nn.Linear(dim, dim),
        )
        self.up, self.down = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, h: Tensor, visible: Tensor, ages: Tensor, asked: Tensor, newest: bool = False
    ) -> Tensor:
        """Every place, or just the newest.

        (batch, time, dim), (batch, 1, asked, time) bool, what `Gaps` takes -> (batch, asked, dim).
        """
        batch, _, dim = h.shape
        normed = self.attention_norm(h)
        asking = normed[:, -1:] if newest else normed
        h = h[:, -1:] if newest else h
        query, key, value = (
            part.view(batch, -1, self.heads, dim // self.heads).transpose(1, 2)
            for part in (self.query(asking), *self.key_value(normed).chunk(2, -1))
        )
        bias = self.gaps(ages, asked, newest).masked_fill(~visible, -torch.inf)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        # (batch, heads, asked, dim / heads)
        h = h + self.dropout(self.mix(mixed.transpose(1, 2).reshape(batch, -1, dim)))
        found: Tensor = h + self.dropout(self.down(F.relu(self.up(self.feed_forward_norm(h)))))
        return found
