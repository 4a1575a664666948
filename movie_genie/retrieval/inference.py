"""The two-tower model at work: numpy only, one history at a time; what evaluation measures and serving serves.

A request's time goes into some hundred small products and sums, each of which numpy takes about as long to start as
to compute. So what depends on the weights alone is joined when a model is opened, and what both a score and its
reasons are made of is computed once a history (`Reading`).
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from movie_genie import weights
from movie_genie.errors import UserError
from movie_genie.retrieval.neighbours import (
    Followers,
    Neighbours,
    add_neighbour_scores,
    fading,
    followers,
    neighbour_parts,
)

Floats = NDArray[np.float32]
Items = NDArray[np.int64]

EPSILON = np.float32(1e-5)
"""Torch's default, added to the variance that a layer norm divides by."""


@dataclass(frozen=True)
class Normalised:
    """A layer norm (Ba et al. 2016) and the linear map behind it, as one product.

    Centring, gain and shift are linear, so the map takes them up once when the model is opened; only the
    division by the deviation depends on the input.
    """

    weight: Floats
    """(inputs, outputs)"""
    bias: Floats
    """(outputs,)"""

    @classmethod
    def of(cls, gain: Floats, shift: Floats, weight: Floats, bias: Floats) -> "Normalised":
        """Join a norm's gain and shift, each (inputs,), to a map of (outputs, inputs) and (outputs,)."""
        scaled = weight * gain
        centred = scaled - scaled.mean(1, keepdims=True)
        return cls(np.ascontiguousarray(centred.T), bias + weight @ shift)

    def __call__(self, x: Floats, deviation: Floats) -> Floats:
        """(places, inputs), (places, 1) as `deviations` gives it -> (places, outputs)."""
        y: Floats = x @ self.weight
        y /= deviation
        y += self.bias
        return y


def deviations(x: Floats) -> Floats:
    """Standard deviation of each place, with torch's epsilon: (places, inputs) -> (places, 1)."""
    inputs = np.float32(x.shape[1])
    mean = x.sum(1) / inputs
    variance: Floats = np.einsum("pi,pi->p", x, x)
    variance /= inputs
    variance -= mean * mean
    variance += EPSILON
    return np.sqrt(variance, out=variance)[:, None]


class Reading(NamedTuple):
    """A history as the user tower read it: what scores and their reasons are both made of."""

    films: Floats
    """(recent, dim) vectors of the latest films, as many as the tower reads."""
    memory: Floats
    """(means, recent) how much each running mean holds of each of them; rows sum to 1."""
    means: Floats
    """(1, means * dim)"""
    deviation: Floats
    """(1, 1) of the means."""
    hidden: Floats
    """(hidden,) before the activation."""
    followers: Followers


@dataclass(frozen=True)
class TwoTower:
    """Film vectors, made once when training ended, and the user tower. The shapes are `two_tower.py`'s."""

    item_vectors: Floats
    """(items, dim)"""
    bias: Floats
    """(items,) the model's idea of popularity"""
    decays: Floats
    max_history: int
    tower: dict[str, Floats]
    neighbours: Neighbours
    """What films follow each film; strength counted as much as it is worth beside the towers."""
    neighbour_decay: float
    neighbour_window: int

    @classmethod
    def load(cls, folder: Path) -> "TwoTower":
        """Map the weights that `retrieval.train` wrote.

        Raises
        ------
        UserError
            When the folder does not hold such a model.
        """
        config, tensors = weights.load(folder)
        try:
            tower = {name: tensors[f"user_tower.{name}"] for name in _TOWER}
            return cls(
                item_vectors=tensors["item_vectors"],
                bias=tensors["bias"],
                decays=np.array(config["decays"], np.float32),
                max_history=int(config["max_history"]),
                tower=tower,
                neighbours=Neighbours(tensors["neighbours.films"], tensors["neighbours.strength"]),
                neighbour_decay=float(config["neighbour_decay"]),
                neighbour_window=int(config["neighbour_window"]),
            )
        except KeyError as missing:
            raise UserError(f"{folder}: no two-tower model: {missing} is missing") from None

    def read(self, history: Items) -> Reading:
        """(time,) item_idx, oldest first, perhaps empty -> what the tower makes of it."""
        recent = history[-self.max_history :]
        films, memory = self.item_vectors.take(recent, 0), self._memory(len(recent))
        means = (memory @ films).reshape(1, -1)
        deviation = deviations(means)
        found = followers(history, self.neighbours, self._fading)
        return Reading(films, memory, means, deviation, self._hidden(means, deviation)[0], found)

    @cached_property
    def lengths(self) -> Floats:
        """(items,) of the item vectors; never quite 0."""
        lengths: Floats = np.maximum(np.linalg.norm(self.item_vectors, axis=1), np.float32(1e-9))
        return lengths

    def _memory(self, time: int) -> Floats:
        """See `Reading.memory`: (means, time)."""
        held = self._powers[:, self.max_history - time :]
        shares: Floats = held / np.maximum(held.sum(1, keepdims=True), np.float32(1e-9))
        return shares

    @cached_property
    def _powers(self) -> Floats:
        """(means, max_history) what is left of a film of each age, the oldest first."""
        ages = np.arange(self.max_history - 1, -1, -1, dtype=np.float32)
        return (self.decays[:, None] ** ages).astype(np.float32)

    @cached_property
    def _fading(self) -> Floats:
        return fading(self.neighbour_decay, self.neighbour_window)

    @cached_property
    def _hidden(self) -> Normalised:
        w = self.tower
        return Normalised.of(w["norm.weight"], w["norm.bias"], w["hidden.weight"], w["hidden.bias"])

    def scores(self, history: Items) -> Floats:
        """(time,) item_idx, oldest first -> (items,) scores of the next film."""
        return self.scores_of(self.read(history))

    def scores_of(self, reading: Reading) -> Floats:
        """(items,) scores of the film after a history that was read."""
        user = self.tower["out.weight"] @ gelu(reading.hidden)
        user += self.tower["out.bias"]
        scores: Floats = self.item_vectors @ user
        scores += self.bias
        add_neighbour_scores(scores, reading.followers)
        return scores

    def carried(self, reading: Reading, items: Items) -> Floats:
        """What each film of a history adds to the scores of `items`, or takes from them.

        Of the neighbours exactly. Of the towers to first order: the score's gradient by a film's part in the
        running means, times that part (gradient × input, Shrikumar et al. 2016, arXiv:1605.01713). As the means are
        normalised, the towers' parts of an item sum to about 0: what one film gains, the others have lost.

        Returns
        -------
        (items, recent) float32
            Of the latest films of the history, as many as the user tower reads.
        """
        films, memory, means, deviation, hidden, found = reading
        slopes = self.item_vectors.take(items, 0) @ self.tower["out.weight"]  # (items, hidden)
        slopes *= gelu_slope(hidden)
        slopes = slopes @ self._hidden.weight.T  # (items, means * dim), by the normalised means
        inputs = np.float32(means.shape[1])
        normal = (means - means.sum() / inputs) / deviation  # (1, means * dim)
        slopes -= (slopes @ normal.T / inputs) * normal
        slopes /= deviation
        by_mean = slopes.reshape(-1, films.shape[1]) @ films.T  # (items * means, recent)
        carried: Floats = (by_mean.reshape(len(items), *memory.shape) * memory).sum(1)
        latest = min(len(found.films) // self.neighbours.films.shape[1], len(films))
        if latest:
            parts = neighbour_parts(found, items, self.neighbours)
            carried[:, -latest:] += parts[:, -latest:]
        return carried


_TOWER = ("norm.weight", "norm.bias", "hidden.weight", "hidden.bias", "out.weight", "out.bias")


def gelu(x: Floats) -> Floats:
    """Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016, section 2)."""
    out: Floats = 0.5 * x * (1 + np.tanh(0.7978845608 * x * (1 + 0.044715 * x * x)))
    return out


def gelu_slope(x: Floats) -> Floats:
    """Derivative of `gelu`."""
    bent = np.tanh(0.7978845608 * x * (1 + 0.044715 * x * x))
    slope: Floats = 0.5 * (1 + bent) + 0.5 * x * (1 - bent * bent) * 0.7978845608 * (1 + 0.134145 * x * x)
    return slope
