"""DVC brings a former run's outputs back, verdict and all: the release in service is not replaced by a worse one."""

import re

import pytest
import yaml
from workspace import Workspace

pytestmark = [pytest.mark.e2e]

LEARNS_NOTHING = {"learning_rate": 1e-9}
KNOWS_ONE_FILM = {"films": 1, "kept": 1, "window": 40, "regularisation": 300}
CLOSED_FORMS = [
    {"kind": "sequential_ridge", "name": "sequential_ridge", "decay": 0.8} | KNOWS_ONE_FILM,
    {
        "kind": "content_profile", "name": "content_profile",
        "text_dim": 1, "genre_weight": 0.0, "window": 1,
    },
]  # fmt: skip
BAD = {"two_tower": LEARNS_NOTHING | {"closed_forms": CLOSED_FORMS}, "bert4rec": LEARNS_NOTHING}
"""Sources and a ranker whose order is next to chance, whatever weights are tuned."""


def serving(workspace: Workspace) -> str:
    return (workspace.root / "releases/current").readlink().name


def configure(workspace: Workspace, changes: dict[str, dict[str, object]]) -> None:
    for name, values in changes.items():
        workspace.configure(name, **values)


def test_what_dvc_restores_replaces_no_better_release(copied: Workspace) -> None:
    usual = {
        name: {key: yaml.safe_load((copied.root / f"configs/{name}.yaml").read_text())[key] for key in values}
        for name, values in BAD.items()
    }
    gate = yaml.safe_load((copied.root / "configs/evaluation.yaml").read_text())["gate"]
    strict = [{**check, "at_least": 0.95} if check["against"] == "incumbent" else check for check in gate]
    copied.configure("evaluation", gate=strict)
    configure(copied, BAD)
    copied.repro()
    bad = serving(copied)

    configure(copied, usual)
    copied.repro()
    good = serving(copied)
    assert good != bad

    configure(copied, BAD)
    done = copied.repro(check=False)
    assert "Stage 'integrated_evaluation' is cached" in done.stdout
    assert re.search(rf"^error: release {bad} is worse than {good}, which stays", done.stderr, re.MULTILINE)
    assert serving(copied) == good
    assert f"serves release {good}" in copied.pipeline("--status").stdout
