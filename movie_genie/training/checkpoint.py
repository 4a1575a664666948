"""A training's state on disk after each epoch, so that an interrupted training goes on where it was.

One safetensors file, which a rename replaces as a whole: the tensors, and in its header the numbers as JSON. It lies
where DVC does not delete it, as it does a stage's outputs before it runs the stage.
"""

import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from movie_genie.files import atomic_path, digest
from movie_genie.training.digest import digest_of

FOLDER = Path("data/cache/training")
FORMAT = 1
"""Counts the changes of what a checkpoint holds."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """One training's file, and what tells this training from any other."""

    path: Path
    fingerprint: str

    @classmethod
    def of(cls, root: Path, model: str, protocol: str, *training: object) -> "Checkpoint":
        """The checkpoint of a stage's training for one protocol.

        `training` is all that decides how it goes: settings, data, the model before its first step. The code, and
        what the last digits depend on (libraries, kind of processor, threads), are added here.
        """
        package = Path(__file__).parents[1]
        code = {str(path.relative_to(package)): digest(path) for path in package.rglob("*.py")}
        kernels = torch.backends.cpu.get_cpu_capability(), torch.get_num_threads()
        about = (FORMAT, str(torch.__version__), str(np.__version__), *kernels, code)
        return cls(_folder(root, model) / f"{protocol}.safetensors", digest_of(about, *training))

    def write(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        """Replace what was kept of this or another training."""
        from safetensors.torch import save

        about = {"fingerprint": self.fingerprint, "numbers": json.dumps(numbers, allow_nan=False)}
        content = save(
            {
                name: tensor.cpu().clone(memory_format=torch.contiguous_format)
                for name, tensor in tensors.items()
            },
            about,
        )
        with atomic_path(self.path) as temporary:
            temporary.write_bytes(content)

    def read(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Tensors and numbers; None where nothing of this very training is kept."""
        from safetensors import SafetensorError, safe_open

        if not self.path.is_file():
            return None
        try:
            with safe_open(self.path, "pt") as file:
                about = file.metadata() or {}
                if about.get("fingerprint") != self.fingerprint:
                    return None
                # Copied, as the file goes with the next epoch.
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118  # no mapping
            return tensors, json.loads(about["numbers"])
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            log.warning("%s: not readable, training starts anew: %s", self.path, error)
            return None


def forget(root: Path, model: str) -> None:
    """Remove a stage's checkpoints: it is done."""
    shutil.rmtree(_folder(root, model), ignore_errors=True)


def _folder(root: Path, model: str) -> Path:
    return root / FOLDER / model
