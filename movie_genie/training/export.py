"""What serving runs of a trained model: its film vectors, made once and for all, and its network as an ONNX graph.

The graphs come from the torch module by tracing, gradients included, so that a network is written once.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from movie_genie import weights
from movie_genie.artifacts import CONTRIBUTIONS, NETWORK, SEQUENCE_MODEL
from movie_genie.network_export import graph_of
from movie_genie.training.model import ExplainedModel, SequenceModel


class _Query(nn.Module):
    def __init__(self, model: SequenceModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, films: Tensor, present: Tensor) -> Tensor:
        return self.model.query(films, present)


class _Contributions(nn.Module):
    def __init__(self, model: ExplainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, films: Tensor, present: Tensor, items: Tensor) -> Tensor:
        return self.model.contributions(films, present, items)


def export(model: SequenceModel, folder: Path, max_history: int, about: Mapping[str, Any]) -> None:
    """Write a model's folder for `inference`; the same weights give the same bytes.

    Parameters
    ----------
    max_history
        The latest films of a history that the network reads.
    about
        What else is written beside the weights.
    """
    model = model.cpu().eval()
    with torch.no_grad():
        vectors = model.item_tower()
    dim = vectors.shape[1]
    # Any sizes but 0 and 1, which tracing takes for constants.
    films, present = torch.zeros(2, 3, dim), torch.ones(2, 3, dtype=torch.bool)
    batch, time = Dim("batch"), Dim("time", max=max_history)
    shapes = {"films": {0: batch, 1: time}, "present": {0: batch, 1: time}}
    networks = {NETWORK: graph_of(_Query(model), {"films": films, "present": present}, shapes, "state")}
    if isinstance(model, ExplainedModel):
        given = {"films": films[:1], "present": present[:1], "items": torch.zeros(4, dim)}
        shapes = {"films": {1: time}, "present": {1: time}, "items": {0: Dim("items")}}
        networks[CONTRIBUTIONS] = graph_of(
            _Contributions(model), given, shapes, "contributions", gradient=True
        )
    weights.save(
        folder,
        {"film_vectors": vectors.numpy(), "bias": model.bias.detach().numpy()},
        {**about, "kind": SEQUENCE_MODEL, "max_history": max_history},
        networks,
    )
