"""Embeds what a viewer types in the search box, with the model that embedded the films."""

from pathlib import Path

import numpy as np

from movie_genie import weights
from movie_genie.data import minilm
from movie_genie.data.minilm import Floats, MiniLM


class QueryEncoder:
    """The text model with its weights mapped, so that all workers of a server share one copy of 90 MB."""

    def __init__(self, model: MiniLM) -> None:
        self._model = model

    @classmethod
    def load(cls, folder: Path) -> "QueryEncoder":
        """Open what `export` wrote.

        Raises
        ------
        UserError
            When a file is missing or damaged.
        """
        _, tensors = weights.load(folder)
        return cls(MiniLM(tensors, minilm.load_tokenizer(folder)))

    @staticmethod
    def export(folder: Path) -> None:
        """Write weights and tokenizer from the installed package; the same package gives the same bytes.

        Raises
        ------
        UserError
            When the package is missing or damaged, or the folder cannot be written.
        """
        source = minilm.package_folder()
        weights.save(folder, minilm.load_tensors(source), {"model": minilm.NAME})
        (folder / minilm.TOKENIZER).write_bytes((source / minilm.TOKENIZER).read_bytes())

    def encode(self, text: str) -> Floats:
        """The unit vector of a text: (384,)."""
        (tokens,) = self._model.tokens([text])
        (vector,) = self._model.vectors(np.array([tokens]))
        return np.asarray(vector)
