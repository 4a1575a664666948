"""What serving runs of a trained model: its film vectors, made once and for all, and its network as an ONNX graph.

The graphs come from the torch module by tracing, gradients included, so that a network is written once.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.fx.experimental.proxy_tensor import make_fx

from movie_genie import weights
from movie_genie.artifacts import CONTRIBUTIONS, NETWORK, SEQUENCE_MODEL
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


def graph_of(
    module: nn.Module,
    given: dict[str, Tensor],
    shapes: dict[str, dict[int, Dim]],
    output: str,
    gradient: bool = False,
) -> bytes:
    """A module as an ONNX graph, with `shapes` left open; without what says where and when it was made.

    `gradient` says that the module computes one.
    """
    frozen = [parameter.requires_grad_(False) for parameter in module.parameters() if parameter.requires_grad]
    try:
        with _quietly():
            if gradient:
                # torch.export cannot see through a gradient; traced first, only its arithmetic is left.
                module = make_fx(module, tracing_mode="symbolic", _allow_non_fake_inputs=True)(
                    *given.values()
                )
            program = torch.export.export(
                module, tuple(given.values()), dynamic_shapes=tuple(shapes.values())
            )
            found = torch.onnx.export(
                program.run_decompositions(),
                dynamo=True,
                input_names=list(given),
                output_names=[output],
                verbose=False,
            )
            assert found is not None  # noqa: S101 - only without dynamo
            graph = found.model_proto
    finally:
        for parameter in frozen:
            parameter.requires_grad_(True)
    del graph.metadata_props[:]
    del graph.graph.metadata_props[:]
    graph.doc_string = graph.graph.doc_string = ""
    for part in (*graph.graph.node, *graph.graph.value_info, *graph.graph.input, *graph.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    for initializer in graph.graph.initializer:
        del initializer.metadata_props[:]
    text: bytes = graph.SerializeToString(deterministic=True)
    return text


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep the exporter's own notes about its inside out of a training's output."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
