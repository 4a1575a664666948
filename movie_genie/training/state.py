"""All that changes while a training runs, as tensors and numbers and back."""

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


@dataclass
class Fit:
    """What a training leaves behind, besides the weights."""

    best: dict[str, float] = field(default_factory=lambda: {"ndcg_at_10": -1.0})
    """Validation metrics of the epoch whose weights were kept."""
    best_epoch: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    """One row an epoch."""
    steps: int = 0
    seconds: float = 0.0


class State:
    """A training after some epoch: weights, moments, random generators, and what came of it so far."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, rng: np.random.Generator) -> None:
        self.model, self.optimizer, self.rng = model, optimizer, rng
        self.fit = Fit()
        self.best_weights = copy.deepcopy(model.state_dict())

    def close_epoch(self, loss: float, metrics: dict[str, float]) -> None:
        """Add an epoch's row to the curve, and keep its weights if they are the best so far."""
        epoch = len(self.fit.curve) + 1
        row = {"epoch": float(epoch), "train_loss": loss}
        self.fit.curve.append(row | {f"validation_{name}": value for name, value in metrics.items()})
        if metrics["ndcg_at_10"] > self.fit.best["ndcg_at_10"]:
            self.fit.best, self.fit.best_epoch = metrics, epoch
            self.best_weights = copy.deepcopy(self.model.state_dict())

    def tensors(self) -> dict[str, Tensor]:
        """Weights, best weights, the optimiser's moments and torch's generators."""
        moments = self.optimizer.state_dict()["state"]
        found = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        found |= {f"best.{name}": tensor for name, tensor in self.best_weights.items()}
        found |= {
            f"optimizer.{number}.{name}": tensor
            for number, of_parameter in moments.items()
            for name, tensor in of_parameter.items()
        }
        found["generator.cpu"] = torch.get_rng_state()
        if self._device.type == "cuda":
            found["generator.cuda"] = torch.cuda.get_rng_state(self._device)
        return found

    def numbers(self) -> dict[str, Any]:
        """Everything else, as JSON has it; any float comes back as it was."""
        return {"fit": asdict(self.fit), "rng": dict(self.rng.bit_generator.state)}

    def restore(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        """Become what `tensors` and `numbers` told of a training of the same model."""
        self.model.load_state_dict(_below(tensors, "model"))
        for name, tensor in _below(tensors, "best").items():
            self.best_weights[name].copy_(tensor)
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _below(tensors, "optimizer").items():
            number, _, kind = name.partition(".")
            moments.setdefault(int(number), {})[kind] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        torch.set_rng_state(tensors["generator.cpu"])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(tensors["generator.cuda"], self._device)
        self.rng.bit_generator.state = numbers["rng"]
        self.fit = Fit(**numbers["fit"])

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix.`, by the rest of their names."""
    start = f"{prefix}."
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
