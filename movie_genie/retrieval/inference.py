"""The two-tower model at work: numpy only, one history at a time; what evaluation measures and serving serves."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from movie_genie import weights
from movie_genie.errors import UserError
from movie_genie.retrieval.neighbours import Neighbours, neighbour_parts, neighbour_scores

Floats = NDArray[np.float32]
Items = NDArray[np.int64]


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

    def user_vector(self, history: Items) -> Floats:
        """(time,) item_idx, oldest first, perhaps empty -> (dim,)."""
        history = history[-self.max_history :]
        means = self.memory(len(history)) @ self.item_vectors[history]  # (means, dim)
        h = layer_norm(means.ravel(), self.tower["norm.weight"], self.tower["norm.bias"])
        h = gelu(self.tower["hidden.weight"] @ h + self.tower["hidden.bias"])
        vector: Floats = self.tower["out.weight"] @ h + self.tower["out.bias"]
        return vector

    @cached_property
    def lengths(self) -> Floats:
        """(items,) of the item vectors; never quite 0."""
        lengths: Floats = np.maximum(np.linalg.norm(self.item_vectors, axis=1), np.float32(1e-9))
        return lengths

    def memory(self, time: int) -> Floats:
        """How much each running mean holds of each of the `time` latest films: (means, time), rows sum to 1."""
        held = self._powers[:, self.max_history - time :]
        shares: Floats = held / np.maximum(held.sum(1, keepdims=True), np.float32(1e-9))
        return shares

    @cached_property
    def _powers(self) -> Floats:
        """(means, max_history) what is left of a film of each age, the oldest first."""
        ages = np.arange(self.max_history - 1, -1, -1, dtype=np.float32)
        return (self.decays[:, None] ** ages).astype(np.float32)

    def scores(self, history: Items) -> Floats:
        """(time,) item_idx, oldest first -> (items,) scores of the next film."""
        scores: Floats = self.item_vectors @ self.user_vector(history)
        scores += self.bias
        if len(history):
            scores += neighbour_scores(history, self.neighbours, self.neighbour_decay, self.neighbour_window)
        return scores

    def carried(self, history: Items, items: Items) -> Floats:
        """What each film of a history adds to the scores of `items`, or takes from them.

        Of the neighbours exactly. Of the towers to first order: the score's gradient by a film's part in the
        running means, times that part (gradient × input, Shrikumar et al. 2016, arXiv:1605.01713). As the means are
        normalised, the towers' parts of an item sum to about 0: what one film gains, the others have lost.

        Returns
        -------
        (items, recent) float32
            Of the latest films of the history, as many as the user tower reads.
        """
        history = history[-self.max_history :]
        memory, films = self.memory(len(history)), self.item_vectors[history]
        w = self.tower
        normal, deviation = standardise((memory @ films).ravel())
        hidden = w["hidden.weight"] @ (normal * w["norm.weight"] + w["norm.bias"]) + w["hidden.bias"]
        slopes = (self.item_vectors[items] @ w["out.weight"]) * gelu_slope(hidden)  # (items, hidden)
        slopes = (slopes @ w["hidden.weight"]) * w["norm.weight"]  # (items, means * dim)
        along = slopes @ normal / np.float32(len(normal))
        slopes -= slopes.mean(1, keepdims=True) + along[:, None] * normal
        slopes /= deviation
        by_mean = slopes.reshape(-1, films.shape[1]) @ films.T  # (items * means, recent)
        carried: Floats = (by_mean.reshape(len(items), *memory.shape) * memory).sum(1)
        latest = neighbour_parts(history, items, self.neighbours, self.neighbour_decay, self.neighbour_window)
        carried[:, carried.shape[1] - latest.shape[1] :] += latest
        return carried


EPSILON = np.float32(1e-5)
"""Torch's default, added to the variance that a layer norm divides by."""

_TOWER = ("norm.weight", "norm.bias", "hidden.weight", "hidden.bias", "out.weight", "out.bias")


def layer_norm(x: Floats, gain: Floats, shift: Floats) -> Floats:
    """Normalise a vector (Ba et al. 2016), with torch's default epsilon: (dim,) -> (dim,)."""
    normal: Floats = standardise(x)[0] * gain + shift
    return normal


def standardise(x: Floats) -> tuple[Floats, np.float32]:
    """(dim,) -> (dim,) with mean 0 and deviation 1, and the deviation that it had."""
    centred = x - x.sum() / np.float32(len(x))
    deviation = np.sqrt(centred @ centred / np.float32(len(x)) + EPSILON)
    return centred / deviation, deviation


def gelu(x: Floats) -> Floats:
    """Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016, section 2)."""
    out: Floats = 0.5 * x * (1 + np.tanh(0.7978845608 * x * (1 + 0.044715 * x * x)))
    return out


def gelu_slope(x: Floats) -> Floats:
    """Derivative of `gelu`."""
    bent = np.tanh(0.7978845608 * x * (1 + 0.044715 * x * x))
    slope: Floats = 0.5 * (1 + bent) + 0.5 * x * (1 - bent * bent) * 0.7978845608 * (1 + 0.134145 * x * x)
    return slope
