"""Opens exported networks with ONNX Runtime: one thread each, as workers are the parallelism."""

from pathlib import Path
from typing import Any

from movie_genie.errors import UserError

Network = Any
"""onnxruntime.InferenceSession; the library ships no types."""


def open_network(path: Path, inputs: tuple[str, ...]) -> Network:
    """Open an exported network that takes `inputs`, in that order, and gives one output.

    Raises
    ------
    UserError
        When the file is missing, is no such network, or this runtime cannot run it.
    """
    import onnxruntime

    if not path.is_file():
        raise UserError(f"{path}: not found")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # A worker holds several networks, each asked by one thread at a time: memory that is kept back helps none of them.
    options.enable_cpu_mem_arena = False
    try:
        network = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library's errors have no common type but this
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: no network that ONNX Runtime can run: {reason[:200]}") from None
    found = tuple(value.name for value in network.get_inputs())
    if found != inputs or len(network.get_outputs()) != 1:
        raise UserError(f"{path}: takes {', '.join(found)}, expected {', '.join(inputs)}")
    return network
