"""Exports torch modules as ONNX graphs, which `networks.open_network` opens. Imports torch: not for a server.

A graph's bytes depend on the module alone: what says where and when it was made is taken out.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

import torch
from onnx import ModelProto
from onnx.external_data_helper import set_external_data
from torch import Tensor, nn
from torch.export import Dim
from torch.fx.experimental.proxy_tensor import make_fx

OUTSIDE_BYTES = 1024
"""Tensors from this size on are worth a place in a file of their own."""


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
        with _quietly(), torch.set_grad_enabled(gradient):
            if gradient:
                # torch.export cannot see through a gradient; traced first, only its arithmetic is left.
                module = make_fx(module, tracing_mode="symbolic", _allow_non_fake_inputs=True)(
                    *given.values()
                )
            program = torch.export.export(
                module, tuple(given.values()), dynamic_shapes=tuple(shapes.values())
            )
            # A gradient's own operators have no counterpart in ONNX; what is left whole otherwise, runs faster.
            found = torch.onnx.export(
                program.run_decompositions() if gradient else program,
                dynamo=True,
                input_names=list(given),
                output_names=[output],
                verbose=False,
                # From here on attention is one operator.
                opset_version=23,
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
    return _bytes(graph)


def with_weights_outside(graph: bytes, file_name: str) -> tuple[bytes, bytes]:
    """A graph without its large tensors, and the content of the file beside it that holds them.

    ONNX Runtime maps such a file into memory, so that all processes share it.
    """
    model = ModelProto.FromString(graph)
    weights = bytearray()
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) >= OUTSIDE_BYTES:
            content = tensor.raw_data
            set_external_data(tensor, file_name, len(weights), len(content))
            tensor.ClearField("raw_data")
            weights += content
    return _bytes(model), bytes(weights)


def _bytes(graph: ModelProto) -> bytes:
    found: bytes = graph.SerializeToString(deterministic=True)
    return found


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
