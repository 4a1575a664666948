"""The small project to be evaluated, and the real configuration in small."""

from pathlib import Path

import pytest
from evaluable_project import make_evaluable

from movie_genie.config import EvaluationConfig
from movie_genie.config_file import load_config

CONFIG = Path(__file__).parents[2] / "configs/evaluation.yaml"


@pytest.fixture(scope="session")
def evaluable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared: copy it to change it."""
    return make_evaluable(tmp_path_factory.mktemp("evaluable"), seed=7)


@pytest.fixture(scope="session")
def lenient() -> EvaluationConfig:
    """The real configuration in small, with a gate that random weights pass."""
    config = load_config(CONFIG, EvaluationConfig)
    checks = [
        check.model_copy(update={"status": "required" if check.against == "incumbent" else "reported"})
        for check in config.gate
    ]
    sources = [source.model_copy(update={"candidates": 20}) for source in config.sources]
    changes = {"gate": checks, "sources": sources, "cutoffs": [10, 20], "newcomer_lengths": [1, 3]}
    return config.model_copy(update=changes)
