"""The two-tower model at work: numpy only, one history at a time; what evaluation measures and serving serves."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from movie_genie import weights
from movie_genie.errors import UserError

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
            decays = np.array(config["decays"], np.float32)
            return cls(tensors["item_vectors"], tensors["bias"], decays, int(config["max_history"]), tower)
        except KeyError as missing:
            raise UserError(f"{folder}: no two-tower model: {missing} is missing") from None

    def user_vector(self, history: Items) -> Floats:
        """(time,) item_idx, oldest first, perhaps empty -> (dim,)."""
        history = history[-self.max_history :]
        films = self.item_vectors[history]  # (time, dim)
        weight = self.decays[:, None] ** np.arange(len(history) - 1, -1, -1)  # (means, time)
        means = weight @ films / np.maximum(weight.sum(1, keepdims=True), 1e-9)  # (means, dim)
        h = layer_norm(means.ravel().astype(np.float32), self.tower["norm.weight"], self.tower["norm.bias"])
        h = gelu(self.tower["hidden.weight"] @ h + self.tower["hidden.bias"])
        vector: Floats = self.tower["out.weight"] @ h + self.tower["out.bias"]
        return vector

    def scores(self, history: Items) -> Floats:
        """(time,) item_idx, oldest first -> (items,) scores of the next film."""
        scores: Floats = self.item_vectors @ self.user_vector(history) + self.bias
        return scores


_TOWER = ("norm.weight", "norm.bias", "hidden.weight", "hidden.bias", "out.weight", "out.bias")


def layer_norm(x: Floats, gain: Floats, shift: Floats) -> Floats:
    """Normalise the last axis (Ba et al. 2016), with torch's default epsilon."""
    centred = x - x.mean(-1, keepdims=True)
    scale = np.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)
    normal: Floats = centred / scale * gain + shift
    return normal


def gelu(x: Floats) -> Floats:
    """Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016, section 2)."""
    out: Floats = 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))
    return out
