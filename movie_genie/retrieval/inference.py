"""The two-tower model at work: no torch, one history at a time; what evaluation measures and serving serves."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from movie_genie import weights
from movie_genie.compiled import Coded, Floats, Items, coded
from movie_genie.errors import UserError
from movie_genie.retrieval import kernels
from movie_genie.retrieval.neighbours import Neighbours, fading


class Map(NamedTuple):
    """A linear map, its rows coded."""

    codes: NDArray[np.int8]
    steps: Floats
    bias: Floats


def normalised(gain: Floats, shift: Floats, weight: Floats, bias: Floats) -> Map:
    """Join a layer norm's gain and shift (Ba et al. 2016), each (inputs,), to the map behind it: (outputs, inputs).

    Centring, gain and shift are linear, so the map takes them up once when the model is opened; only the
    division by the deviation depends on the input: x @ map / deviation(x) + bias. The map is (inputs, outputs).
    """
    scaled = weight * gain
    centred = scaled - scaled.mean(1, keepdims=True)
    return Map(*coded(centred.T), bias + weight @ shift)


class Reading(NamedTuple):
    """A history as the user tower read it: what scores and their reasons are both made of."""

    length: int
    """Of the whole history."""
    recent: Items
    """(recent,) the latest films, as many as the tower reads."""
    memory: Floats
    """(means, recent) how much each running mean holds of each of them; rows sum to 1."""
    means: Floats
    """(means * dim,) centred, and divided by their deviation."""
    deviation: np.float32
    hidden: Floats
    """(hidden,) before the activation."""


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
            (items, dim), (hidden,) = tensors["item_vectors"].shape, tensors["user_tower.hidden.bias"].shape
            inputs, kept = len(config["decays"]) * dim, tensors["neighbours.films"].shape[1]
            shapes = {
                "item_vectors": (items, dim),
                "bias": (items,),
                "user_tower.norm.weight": (inputs,),
                "user_tower.norm.bias": (inputs,),
                "user_tower.hidden.weight": (hidden, inputs),
                "user_tower.hidden.bias": (hidden,),
                "user_tower.out.weight": (dim, hidden),
                "user_tower.out.bias": (dim,),
                "neighbours.films": (items, kept),
                "neighbours.strength": (items, kept),
            }
            weights.check(folder, tensors, shapes, whole={"neighbours.films": items})
            prefix = "user_tower."
            return cls(
                item_vectors=tensors["item_vectors"],
                bias=tensors["bias"],
                decays=np.array(config["decays"], np.float32),
                max_history=int(config["max_history"]),
                tower={
                    name.removeprefix(prefix): tensors[name] for name in shapes if name.startswith(prefix)
                },
                neighbours=Neighbours(tensors["neighbours.films"], tensors["neighbours.strength"]),
                neighbour_decay=float(config["neighbour_decay"]),
                neighbour_window=int(config["neighbour_window"]),
            )
        except KeyError as missing:
            raise UserError(f"{folder}: no two-tower model: {missing} is missing") from None
        except (ValueError, TypeError, IndexError) as error:
            raise UserError(f"{folder}: no two-tower model: {error}") from None

    def read(self, history: Items) -> tuple[Floats, Reading]:
        """Score every film as the next of a history, and keep what the scores come from.

        Parameters
        ----------
        history : (time,) int64
            item_idx, oldest first; may be empty.

        Returns
        -------
        (items,) float32, Reading
        """
        recent, into, out = history[-self.max_history :], self._into, self._out
        scores, memory, means, deviation, hidden = kernels.read(
            *self._films,
            self.bias,
            self._powers,
            into.codes,
            into.steps,
            into.bias,
            out.codes,
            out.steps,
            out.bias,
            *self.neighbours,
            self._fading,
            recent,
        )
        return scores, Reading(len(history), recent, memory, means, deviation, hidden)

    @cached_property
    def lengths(self) -> Floats:
        """(items,) of the item vectors; never quite 0."""
        lengths: Floats = np.maximum(np.linalg.norm(self.item_vectors, axis=1), np.float32(1e-9))
        return lengths

    @cached_property
    def _powers(self) -> Floats:
        """(means, max_history) what is left of a film of each age, the oldest first."""
        ages = np.arange(self.max_history - 1, -1, -1, dtype=np.float32)
        return (self.decays[:, None] ** ages).astype(np.float32)

    @cached_property
    def _films(self) -> Coded:
        return coded(self.item_vectors)

    @cached_property
    def _fading(self) -> Floats:
        return fading(self.neighbour_decay, self.neighbour_window)

    @cached_property
    def _into(self) -> Map:
        w = self.tower
        return normalised(w["norm.weight"], w["norm.bias"], w["hidden.weight"], w["hidden.bias"])

    @cached_property
    def _out(self) -> Map:
        return Map(*coded(self.tower["out.weight"]), self.tower["out.bias"])

    def scores(self, history: Items) -> Floats:
        """(time,) item_idx, oldest first -> (items,) scores of the next film."""
        return self.read(history)[0]

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
        return kernels.carried(
            *self._films,
            items,
            self._into.codes,
            self._into.steps,
            self._out.codes,
            self._out.steps,
            *self.neighbours,
            self._fading,
            reading.recent,
            reading.memory,
            reading.means,
            reading.deviation,
            reading.hidden,
        )
