"""Opens exported networks with ONNX Runtime: one thread each, as workers are the parallelism."""

from pathlib import Path
from typing import Any

from movie_genie.errors import UserError

Network = Any
"""onnxruntime.InferenceSession; the library ships no types."""


def open_network(path: Path, inputs: tuple[str, ...], *, weights: Path | None = None) -> Network:
    """Open an exported network that takes `inputs`, in that order, and gives one output.

    Parameters
    ----------
    weights
        The file beside it that holds its weights, if they are large: used where it is mapped, so that processes
        share one copy.

    Raises
    ------
    UserError
        When a file is missing, is no such network, or this runtime cannot run it.
    """
    import onnxruntime

    for file in (path, weights):
        if file and not file.is_file():
            raise UserError(f"{file}: not found")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # A worker holds several networks, each asked by one thread at a time: memory that is kept back helps none of them.
    options.enable_cpu_mem_arena = False
    if weights:
        # Weights that the library reorders or fuses for itself are a copy in each process.
        options.add_session_config_entry("session.disable_prepacking", "1")
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    try:
        network = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library's errors have no common type but this
        reason = " ".join(str(error).split())
        files = f"{path} with {weights.name}" if weights else path
        raise UserError(f"{files}: no network that ONNX Runtime can run: {reason[:200]}") from None
    found = tuple(value.name for value in network.get_inputs())
    if found != inputs or len(network.get_outputs()) != 1:
        raise UserError(f"{path}: takes {', '.join(found)}, expected {', '.join(inputs)}")
    return network
