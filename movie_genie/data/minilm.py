"""all-MiniLM-L6-v2: BERT's encoder (Devlin et al. 2019, section 3), the mean of its last layer at unit length.

Pipeline and server run the same export, so films and queries are embedded alike and neither loads PyTorch for it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from movie_genie.errors import UserError
from movie_genie.networks import Network, open_network

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Floats = NDArray[np.float32]

MOST_TOKENS = 256
"""Where a text is cut off; the model was trained on 128 and its authors serve it with 256."""

PADDING = 0
"""The token that fills a shorter text up; no text holds it."""

FOLDER = "data/processed/text_model"
"""Where a project keeps the model that embedded its films."""

NETWORK, WEIGHTS, TOKENIZER = "network.onnx", "network.weights", "tokenizer.json"
"""The files in it."""


class MiniLM:
    """Turns texts into tokens and tokens into vectors; holds no state, so threads may share it."""

    def __init__(self, network: Network, tokenizer: "Tokenizer") -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(MOST_TOKENS)
        self._network = network
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path) -> "MiniLM":
        """Open what `minilm_export.export` wrote; the weights are mapped, not read.

        Raises
        ------
        UserError
            When a file is missing or damaged.
        """
        network = open_network(folder / NETWORK, ("tokens",), weights=folder / WEIGHTS)
        model = cls(network, load_tokenizer(folder))
        model._try(folder)
        return model

    def _try(self, folder: Path) -> None:
        """See that the network works and its weights are sane, before anybody relies on its vectors."""
        try:
            lengths = np.linalg.norm(self.vectors(np.full((1, 2), PADDING + 1)), axis=1)
        except Exception as error:  # the runtime's errors have no common type but this
            raise UserError(f"{folder / NETWORK}: gives no vectors: {error}") from None
        if lengths.shape != (1,) or not np.allclose(lengths, 1, atol=1e-3):
            raise UserError(f"{folder / NETWORK}: gives no unit vectors; {WEIGHTS} may be damaged")

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text: 2 (of an empty one) to 256."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]

    def vectors(self, tokens: NDArray[np.int64]) -> Floats:
        """Embed (texts, length) token ids, padded at their end: (texts, 384) of unit length."""
        found: Floats = self._network.run(None, {"tokens": tokens})[0]
        return found

    def vector(self, text: str) -> Floats:
        """Embed one text, such as what a viewer types in the search box: (384,) of unit length."""
        own: Floats = self.vectors(np.array(self.tokens([text])))[0]
        return own


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
