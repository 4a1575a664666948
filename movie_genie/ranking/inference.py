"""BERT4Rec at work: numpy only, one history at a time; what evaluation measures and serving serves."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from movie_genie import weights
from movie_genie.errors import UserError
from movie_genie.retrieval.inference import Floats, Items, layer_norm


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
        films, mask = (
            self.film_vectors[history[-self.max_history :]],
            w["mask"][None],
        )  # (time, dim), (1, dim)
        h = np.concatenate([mask, films] if self.causal else [films, mask])
        h = h + w["age.weight"][len(h) - 1 :: -1]
        for block in range(self.blocks):
            last = block == self.blocks - 1  # of the last block only the newest place is read
            h = self._block(f"blocks.{block}.", h, slice(-1, None) if last else slice(None))
        state: Floats = layer_norm(h[-1], w["norm.weight"], w["norm.bias"])
        return state

    def _block(self, name: str, h: Floats, places: slice) -> Floats:
        """One pre-norm block, for the queries at `places`: (time, dim) -> (places, dim)."""
        w = self.tensors
        normal = layer_norm(h, w[name + "attention_norm.weight"], w[name + "attention_norm.bias"])
        qkv = normal @ w[name + "qkv.weight"].T + w[name + "qkv.bias"]
        time, dim = h.shape
        query, key, value = qkv.reshape(time, 3, self.heads, dim // self.heads).transpose(1, 2, 0, 3)
        query = query[:, places]  # (heads, places, dim / heads)
        attention = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(dim // self.heads))
        if self.causal and query.shape[1] > 1:
            attention += np.triu(np.full((time, time), -np.inf, np.float32), 1)
        attention = np.exp(attention - attention.max(-1, keepdims=True))
        attention /= attention.sum(-1, keepdims=True)
        mixed = (attention @ value).transpose(1, 0, 2).reshape(-1, dim)
        h = h[places] + mixed @ w[name + "mix.weight"].T + w[name + "mix.bias"]
        normal = layer_norm(h, w[name + "feed_forward_norm.weight"], w[name + "feed_forward_norm.bias"])
        inner = np.maximum(normal @ w[name + "up.weight"].T + w[name + "up.bias"], 0)
        out: Floats = h + inner @ w[name + "down.weight"].T + w[name + "down.bias"]
        return out

    def scores(self, history: Items, items: Items | None = None) -> Floats:
        """Scores of the next film: (time,) item_idx, oldest first -> (items,), or one for each of `items`."""
        state = self.encode(history)
        if items is None:
            return self.film_vectors @ state + self.bias
        return self.film_vectors[items] @ state + self.bias[items]
