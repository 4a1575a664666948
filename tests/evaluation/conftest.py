"""The small project to be evaluated, and the real configuration in small."""

from pathlib import Path

import pytest
from evaluable_project import make_evaluable

from movie_genie.config import EvaluationConfig, NewcomersConfig, SourceConfig
from movie_genie.config_file import load_config
from movie_genie.evaluation.gate import INCUMBENT, NUMBER
from movie_genie.evaluation.systems import names

CONFIG = Path(__file__).parents[2] / "configs/evaluation.yaml"


@pytest.fixture(scope="session")
def evaluable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared: copy it to change it."""
    return make_evaluable(tmp_path_factory.mktemp("evaluable"), seed=7)


@pytest.fixture(scope="session")
def lenient() -> EvaluationConfig:
    """The real configuration in small, of the models that the small project has, with a gate that they pass."""
    sources = [SourceConfig(name=name, candidates=20) for name in ("two_tower", "sequential_ridge")]
    newcomers = NewcomersConfig(model="content_profile", strength=1.0, films=5.0)
    changes = {
        "newcomers": newcomers,
        "sources": sources,
        "rankers": ["bert4rec", "content_profile"],
        "cutoffs": [10, 20],
        "newcomer_lengths": [1, 3],
    }
    config = load_config(CONFIG, EvaluationConfig).model_copy(update=changes)
    checks = [
        check.model_copy(update={"status": "required" if check.against == INCUMBENT else "reported"})
        for check in config.gate
        if check.against in (NUMBER, INCUMBENT, *names(config))
    ]
    return config.model_copy(update={"gate": checks})
