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
from movie_genie.training.batches import Batch
from movie_genie.training.model import ExplainedModel, RatingModel, SequenceModel


class _Query(nn.Module):
    def __init__(self, model: SequenceModel) -> None:
        super().__init__()
        self.model = model
        # The network's own inputs by their names, which differ from model to model.
        self.forward = model.query


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
    # Any sizes but 0 and 1, which tracing takes for constants.
    items = torch.zeros(2, 3, dtype=torch.int64)
    given = model.given(vectors, Batch(items, torch.zeros(2, 3), items))
    batch, time = Dim("batch"), Dim("time", max=max_history)
    networks = {
        NETWORK: graph_of(_Query(model), given, {name: {0: batch, 1: time} for name in given}, "state")
    }
    tensors = {"film_vectors": vectors.numpy(), "bias": model.bias.detach().numpy()}
    if isinstance(model, RatingModel):
        tensors["usual_stars"] = model.usual_stars.numpy()
    if isinstance(model, ExplainedModel):
        given = {name: tensor[:1] for name, tensor in given.items()} | {
            "items": torch.zeros(4, vectors.shape[1])
        }
        shapes = {"films": {1: time}, "present": {1: time}, "items": {0: Dim("items")}}
        networks[CONTRIBUTIONS] = graph_of(
            _Contributions(model), given, shapes, "contributions", gradient=True
        )
    weights.save(
        folder,
        tensors,
        {**about, "kind": SEQUENCE_MODEL, "max_history": max_history, "reads_ratings": model.reads_ratings},
        networks,
    )
