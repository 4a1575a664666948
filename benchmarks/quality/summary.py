"""From the figures of each seed to their mean and spread; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movie_genie.evaluation.gate import drawn

Gains = NDArray[np.float64]
Figures = dict[str, Any]  # Any: a JSON document

DIGITS = 5
INTERVAL = (2.5, 97.5)
"""Percentiles: 95 % lie between."""


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean, least and most.

    >>> spread([1.0, 2.0, 6.0])
    {'mean': 3.0, 'min': 1.0, 'max': 6.0}
    """
    found = {"mean": float(np.mean(values)), "min": min(values), "max": max(values)}
    return {name: round(value, DIGITS) for name, value in found.items()}


def spreads(seeds: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """The spread of each figure over seeds."""
    return {name: spread([figures[name] for figures in seeds]) for name in seeds[0]}


def systems(seeds: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    """The spread of each system's figures over seeds."""
    return {name: spreads([figures[name] for figures in seeds]) for name in seeds[0]}


def quotient(ours: Sequence[Gains], theirs: Sequence[Gains], samples: int, seed: int) -> dict[str, float]:
    """How many times their mean ours is: its spread over seeds, and a 95 % interval over users.

    The interval is of the seeds' mean, by the paired bootstrap of the gate: a user who is drawn counts on both sides.

    Parameters
    ----------
    ours, theirs : one (users,) a seed
        Each user's gain.
    samples : int
        How many sets of users are drawn.
    """
    draws = drawn(len(ours[0]), samples, seed)
    quotients = (draws @ np.mean(ours, axis=0)) / (draws @ np.mean(theirs, axis=0))
    low, high = np.percentile(quotients, INTERVAL)
    own = [float(one.mean() / other.mean()) for one, other in zip(ours, theirs, strict=True)]
    return spread(own) | {"low": round(float(low), DIGITS), "high": round(float(high), DIGITS)}
