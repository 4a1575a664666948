"""Embeds what a viewer types in the search box, with the model that embedded the films."""

import shutil
from pathlib import Path

import numpy as np

from movie_genie.data.minilm import Floats, MiniLM
from movie_genie.errors import UserError


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
        return cls(MiniLM.load(folder))

    @staticmethod
    def export(source: Path, folder: Path) -> None:
        """Copy the text model that embedded the films to where `load` opens it.

        Raises
        ------
        UserError
            When it is missing.
        """
        if not source.is_dir():
            raise UserError(f"{source}: not found; `dvc repro` makes it")
        shutil.copytree(source, folder, copy_function=shutil.copyfile)

    def encode(self, text: str) -> Floats:
        """The unit vector of a text: (384,)."""
        vector: Floats = self._model.vectors(np.array(self._model.tokens([text])))[0]
        return vector
