"""BERT4Rec at work: no torch, one history at a time; what evaluation measures and serving serves."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from movie_genie import weights
from movie_genie.compiled import Coded, Codes, Floats, Items, coded
from movie_genie.errors import UserError
from movie_genie.ranking import kernels
from movie_genie.retrieval.inference import Map, normalised
from movie_genie.retrieval.kernels import EPSILON


@dataclass(frozen=True)
class Bert4Rec:
    """Film vectors, made once when training ended, and the blocks. The shapes are `bert4rec.py`'s."""

    film_vectors: Floats
    """(items, dim)"""
    bias: Floats
    """(items,)"""
    tensors: dict[str, Floats]
    blocks: int
    heads: int
    max_history: int
    causal: bool

    @classmethod
    def load(cls, folder: Path) -> "Bert4Rec":
        """Map the weights that `ranking.train` wrote.

        Raises
        ------
        UserError
            When the folder does not hold such a model.
        """
        config, tensors = weights.load(folder)
        try:
            blocks, heads, max_history = (int(config[name]) for name in ("blocks", "heads", "max_history"))
            (items, dim), inner = tensors["film_vectors"].shape, 4 * tensors["film_vectors"].shape[1]
            if blocks < 1 or heads < 1 or dim % heads:
                raise ValueError(f"{blocks} blocks of {heads} heads cannot share {dim} numbers")
            shapes: dict[str, tuple[int, ...]] = {
                "film_vectors": (items, dim), "bias": (items,), "mask": (dim,),
                "age.weight": (max_history + 1, dim), "norm.weight": (dim,), "norm.bias": (dim,),
            }  # fmt: skip
            of_block = {
                "attention_norm.weight": (dim,), "attention_norm.bias": (dim,),
                "qkv.weight": (3 * dim, dim), "qkv.bias": (3 * dim,),
                "mix.weight": (dim, dim), "mix.bias": (dim,),
                "feed_forward_norm.weight": (dim,), "feed_forward_norm.bias": (dim,),
                "up.weight": (inner, dim), "up.bias": (inner,), "down.weight": (dim, inner), "down.bias": (dim,),
            }  # fmt: skip
            for block in range(blocks):
                shapes |= {f"blocks.{block}.{name}": shape for name, shape in of_block.items()}
            weights.check(folder, tensors, shapes)
            return cls(
                film_vectors=tensors["film_vectors"],
                bias=tensors["bias"],
                tensors=tensors,
                blocks=blocks,
                heads=heads,
                max_history=max_history,
                causal=config["objective"] == "causal",
            )
        except KeyError as missing:
            raise UserError(f"{folder}: no BERT4Rec model: {missing} is missing") from None
        except (ValueError, TypeError) as error:
            raise UserError(f"{folder}: no BERT4Rec model: {error}") from None

    def _last_input(self, history: Items) -> Floats:
        """What the last block reads: (time,) -> (time + 1, dim)."""
        recent, ages = history[-self.max_history :], self.tensors["age.weight"]
        h = kernels.places(*self._films, recent, self.tensors["mask"], ages, self.causal)
        for block in self._ready[:-1]:
            h = block.every_place(h, self._future[: len(h), : len(h)] if self.causal else None)
        return h

    @cached_property
    def _norm(self) -> tuple[Floats, Floats]:
        return self.tensors["norm.weight"], self.tensors["norm.bias"]

    @cached_property
    def _films(self) -> Coded:
        return coded(self.film_vectors)

    @cached_property
    def _ready(self) -> list["Block"]:
        return [Block.of(self.tensors, f"blocks.{block}.", self.heads) for block in range(self.blocks)]

    @cached_property
    def _future(self) -> Floats:
        """(max_history + 1, max_history + 1): -inf where a place would look at a later one, else 0."""
        places = self.max_history + 1
        return np.triu(np.full((places, places), -np.inf, np.float32), 1)

    def scores(self, history: Items, items: Items | None = None) -> Floats:
        """Scores of the next film: (time,) item_idx, oldest first -> (items,), or one for each of `items`."""
        if items is None:
            items = np.arange(len(self.film_vectors))
        return self._ready[-1].scores(self._last_input(history), *self._norm, *self._films, self.bias, items)


@dataclass(frozen=True)
class Block:
    """One pre-norm block."""

    query: Map
    """Scaled by 1 / sqrt(dim / heads), as the attention wants it."""
    key_value: Map
    mix: Map
    up: Map
    down: Map
    heads: int

    @classmethod
    def of(cls, tensors: dict[str, Floats], name: str, heads: int) -> "Block":
        """The block whose tensors begin with `name`."""
        w = {key.removeprefix(name): value for key, value in tensors.items() if key.startswith(name)}
        dim = len(w["mix.bias"])
        norm, scale = (
            (w["attention_norm.weight"], w["attention_norm.bias"]),
            np.float32((dim / heads) ** -0.5),
        )
        weight, bias = w["qkv.weight"], w["qkv.bias"]
        return cls(
            query=normalised(*norm, weight[:dim] * scale, bias[:dim] * scale),
            key_value=normalised(*norm, weight[dim:], bias[dim:]),
            mix=Map(*coded(w["mix.weight"].T), w["mix.bias"]),
            up=normalised(
                w["feed_forward_norm.weight"], w["feed_forward_norm.bias"], w["up.weight"], w["up.bias"]
            ),
            down=Map(*coded(w["down.weight"].T), w["down.bias"]),
            heads=heads,
        )

    def every_place(self, h: Floats, future: Floats | None) -> Floats:
        """(time, dim), (time, time) or None -> (time, dim)."""
        places, dim = h.shape
        shape = (places, self.heads, dim // self.heads)
        query, key_value = _mapped(h, self.query), _mapped(h, self.key_value)
        key, value = key_value[:, :dim].reshape(shape), key_value[:, dim:].reshape(shape)
        weight = query.reshape(shape).transpose(1, 0, 2) @ key.transpose(1, 2, 0)  # (heads, places, places)
        if future is not None:
            weight += future
        weight = np.exp(weight - weight.max(-1, keepdims=True))
        weight /= weight.sum(-1, keepdims=True)
        mixed = weight @ value.transpose(1, 0, 2)  # (heads, places, dim / heads)
        h = h + mixed.transpose(1, 0, 2).reshape(places, dim) @ _weight(self.mix) + self.mix.bias
        h += np.maximum(_mapped(h, self.up), 0) @ _weight(self.down) + self.down.bias
        return h

    def scores(
        self, h: Floats, gain: Floats, shift: Floats, codes: Codes, steps: Floats, bias: Floats, items: Items
    ) -> Floats:
        """Scores of `items` by the state of the last place, which alone is read of the last block.

        Parameters
        ----------
        h : (time, dim)
            What the block reads.
        gain, shift : (dim,)
            Of the final norm.
        codes, steps, bias
            Of all films.
        """
        maps = (*self.query, *self.key_value, *self.mix, *self.up, *self.down)
        return kernels.scores(h, *maps, gain, shift, self.heads, codes, steps, bias, items)


def _weight(through: Map) -> Floats:
    """(inputs, outputs)"""
    weight: Floats = through.codes * through.steps[:, None]
    return weight


def _mapped(x: Floats, through: Map) -> Floats:
    """(places, inputs) -> (places, outputs)."""
    y: Floats = x @ _weight(through) / np.sqrt(x.var(1, keepdims=True) + EPSILON) + through.bias
    return y
