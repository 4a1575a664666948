"""BERT4Rec at work: numpy only, one history at a time; what evaluation measures and serving serves."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from movie_genie import weights
from movie_genie.errors import UserError
from movie_genie.retrieval.inference import Floats, Items, Normalised, deviations


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
            model = cls(
                film_vectors=tensors["film_vectors"],
                bias=tensors["bias"],
                tensors=tensors,
                blocks=int(config["blocks"]),
                heads=int(config["heads"]),
                max_history=int(config["max_history"]),
                causal=config["objective"] == "causal",
            )
            model.encode(np.zeros(1, np.int64))  # a missing tensor shows here, not at a viewer's request
        except KeyError as missing:
            raise UserError(f"{folder}: no BERT4Rec model: {missing} is missing") from None
        return model

    def encode(self, history: Items) -> Floats:
        """Hidden state of the place behind the newest film: (time,) item_idx, oldest first -> (dim,)."""
        w = self.tensors
        films, mask = self.film_vectors.take(history[-self.max_history :], 0), w["mask"][None]
        h = np.concatenate([mask, films] if self.causal else [films, mask])  # (time, dim)
        h += w["age.weight"][len(h) - 1 :: -1]
        future = self._future[: len(h), : len(h)] if self.causal else None
        for block in self._ready[:-1]:
            h = block.every_place(h, future)
        newest = self._ready[-1].newest_place(h)  # of the last block nothing else is read
        state: Floats = ((newest - newest.mean()) / deviations(newest))[0]
        state *= w["norm.weight"]
        state += w["norm.bias"]
        return state

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
        state = self.encode(history)
        if items is None:
            return self.film_vectors @ state + self.bias
        scores: Floats = self.film_vectors.take(items, 0) @ state
        scores += self.bias.take(items)
        return scores


@dataclass(frozen=True)
class Block:
    """One pre-norm block."""

    query: Normalised
    """Scaled by 1 / sqrt(dim / heads), as the attention wants it."""
    key_value: Normalised
    mix: Floats
    mix_bias: Floats
    up: Normalised
    down: Floats
    down_bias: Floats
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
            query=Normalised.of(*norm, weight[:dim] * scale, bias[:dim] * scale),
            key_value=Normalised.of(*norm, weight[dim:], bias[dim:]),
            mix=np.ascontiguousarray(w["mix.weight"].T),
            mix_bias=w["mix.bias"],
            up=Normalised.of(
                w["feed_forward_norm.weight"], w["feed_forward_norm.bias"], w["up.weight"], w["up.bias"]
            ),
            down=np.ascontiguousarray(w["down.weight"].T),
            down_bias=w["down.bias"],
            heads=heads,
        )

    def every_place(self, h: Floats, future: Floats | None) -> Floats:
        """(time, dim), (time, time) or None -> (time, dim)."""
        deviation = deviations(h)
        query, key_value = self.query(h, deviation), self.key_value(h, deviation)
        return self._feed_forward(h + self._attend(query, key_value, future))

    def newest_place(self, h: Floats) -> Floats:
        """(time, dim) -> (1, dim), the last place's."""
        newest, deviation = h[-1:], deviations(h)
        query, key_value = self.query(newest, deviation[-1:]), self.key_value(h, deviation)
        return self._feed_forward(newest + self._attend(query, key_value, None))

    def _attend(self, query: Floats, key_value: Floats, future: Floats | None) -> Floats:
        """(places, dim), (time, 2 * dim), (places, time) or None -> (places, dim)."""
        places, dim = query.shape
        shape = (-1, self.heads, dim // self.heads)
        key, value = key_value[:, :dim].reshape(shape), key_value[:, dim:].reshape(shape)
        weight = query.reshape(shape).transpose(1, 0, 2) @ key.transpose(1, 2, 0)  # (heads, places, time)
        if future is not None:
            weight += future
        weight -= weight.max(-1, keepdims=True)
        np.exp(weight, out=weight)
        mixed = weight @ value.transpose(1, 0, 2)  # (heads, places, dim / heads)
        mixed /= weight.sum(-1, keepdims=True)
        out: Floats = mixed.transpose(1, 0, 2).reshape(places, dim) @ self.mix
        out += self.mix_bias
        return out

    def _feed_forward(self, h: Floats) -> Floats:
        """(places, dim) -> (places, dim)."""
        inner = self.up(h, deviations(h))
        np.maximum(inner, 0, out=inner)
        h += inner @ self.down
        h += self.down_bias
        return h
