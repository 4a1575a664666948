"""Where the pipeline keeps what it makes, in a project and in a release: a model's name is its folder's.

`models/<stage>/weights/<protocol>/<model>/` in a project, `models/<model>/` in a release.
"""

import hashlib
from pathlib import Path

from movie_genie.errors import UserError
from movie_genie.files import digest

MODELS = "models"
WEIGHTS = "weights"

RECIPE = "two_stage.json"
"""Names sources and rankers, and how much each counts."""

RESULTS = "results"
METRICS, RANKS, VERDICT = "key_metrics.json", "per_user.parquet", "gate.json"
"""What an evaluation found: its figures, each test case's rank by each system, and whether the gate lets it pass."""

CATALOGUE_FILE = "catalogue.arrow"
"""A release's films, at their item_idx."""

SEQUENCE_MODEL, FOLLOWERS, CONTENT_PROFILE = "sequence_model", "followers", "content_profile"
"""The kinds of models, as a model's config.json says."""

NETWORK, CONTRIBUTIONS = "network.onnx", "contributions.onnx"
"""A sequence model's exported graphs."""


def model_folders(project: Path, protocol: str) -> dict[str, Path]:
    """The folder of every model that was trained for a protocol, by name.

    Raises
    ------
    UserError
        When two stages trained models of one name.
    """
    found: dict[str, Path] = {}
    for folder in sorted(project.glob(f"{MODELS}/*/{WEIGHTS}/{protocol}/*")):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        if folder.name in found:
            raise UserError(
                f"{folder}: {found[folder.name]} has the same name; give one stage's model another"
            )
        found[folder.name] = folder
    return found


def fingerprint(model: Path) -> str:
    """The sha256 over a model's files and their names.

    Raises
    ------
    UserError
        When the model is missing.
    """
    whole = hashlib.sha256()
    paths = sorted(path for path in model.glob("*") if path.is_file())
    if not paths:
        raise UserError(f"{model}: not found; `dvc repro` makes it")
    for path in paths:
        whole.update(f"{path.name} {digest(path)}\n".encode())
    return whole.hexdigest()
