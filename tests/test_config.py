"""Every file of configs/ loads, and what is wrong with one is a line that names file and key."""

from pathlib import Path

import pytest
import yaml

from movie_genie import config
from movie_genie.config import Bert4RecConfig, DataConfig, ServerConfig, TrackingConfig, TwoTowerConfig
from movie_genie.config_file import load_config
from movie_genie.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
MODELS = {
    "airflow": config.AirflowConfig,
    "bert4rec": config.Bert4RecConfig,
    "content": config.ContentConfig,
    "data": config.DataConfig,
    "evaluation": config.EvaluationConfig,
    "feedback": config.FeedbackConfig,
    "frontend": config.FrontendConfig,
    "sequences": config.SequencesConfig,
    "server": config.ServerConfig,
    "tracking": config.TrackingConfig,
    "two_tower": config.TwoTowerConfig,
}


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_config_loads(path: Path) -> None:
    assert path.stem in MODELS, f"{path.name} has no model here"
    assert isinstance(load_config(path, MODELS[path.stem]), MODELS[path.stem])


def changed(tmp_path: Path, name: str, **values: object) -> Path:
    """A copy of a shipped config with some values changed; None removes a key."""
    document = yaml.safe_load((ROOT / "configs" / name).read_text())
    document.update(values)
    path = tmp_path / name
    path.write_text(yaml.safe_dump(document))
    return path


def message(path: Path, model: type[config.Config]) -> str:
    with pytest.raises(UserError) as error:
        load_config(path, model)
    text = str(error.value)
    assert "\n" not in text
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("name", "model", "values", "expected"),
    [
        ("two_tower.yaml", TwoTowerConfig, {"embeding_dim": 8}, "embeding_dim: unknown key"),
        ("two_tower.yaml", TwoTowerConfig, {"hidden_dim": "16"}, "hidden_dim: expected integer, got '16'"),
        ("two_tower.yaml", TwoTowerConfig, {"patience": True}, "patience: expected integer, got True"),
        (
            "two_tower.yaml",
            TwoTowerConfig,
            {"learning_rate": float("inf")},
            "learning_rate: expected a finite number, got inf",
        ),
        ("server.yaml", ServerConfig, {"host": 1}, "host: expected string, got 1"),
        ("tracking.yaml", TrackingConfig, {"enabled": "no"}, "enabled: expected boolean, got 'no'"),
        (
            "evaluation.yaml",
            config.EvaluationConfig,
            {"cutoffs": [20, 50]},
            "cutoffs: expected 10 and 50 among them, 10 is missing",
        ),
        (
            "evaluation.yaml",
            config.EvaluationConfig,
            {"cutoffs": [50, 10]},
            "cutoffs: expected numbers that grow, got [50, 10]",
        ),
        (
            "evaluation.yaml",
            config.EvaluationConfig,
            {"history_length_bins": [5, 5]},
            "history_length_bins: expected numbers that grow, got [5, 5]",
        ),
        (
            "two_tower.yaml",
            TwoTowerConfig,
            {"embedding_dim": -8},
            "embedding_dim: expected greater than 0, got -8",
        ),
        (
            "two_tower.yaml",
            TwoTowerConfig,
            {"embedding_dim": "wide"},
            "embedding_dim: expected integer, got 'wide'",
        ),
        (
            "two_tower.yaml",
            TwoTowerConfig,
            {"max_history": 2},
            "max_history: expected greater than or equal to 3, got 2",
        ),
        ("two_tower.yaml", TwoTowerConfig, {"seed": -1}, "seed: expected greater than or equal to 0, got -1"),
        ("evaluation.yaml", config.EvaluationConfig, {"seed": 2**32}, None),
        ("two_tower.yaml", TwoTowerConfig, {"decays": []}, None),
        (
            "two_tower.yaml",
            TwoTowerConfig,
            {"decays": [0.5, 1.5]},
            "decays.1: expected less than or equal to 1, got 1.5",
        ),
        ("two_tower.yaml", TwoTowerConfig, {"dropout": 1}, "dropout: expected less than 1, got 1"),
        (
            "bert4rec.yaml",
            Bert4RecConfig,
            {"objective": "gpt"},
            "objective: expected 'cloze' or 'causal', got 'gpt'",
        ),
        (
            "bert4rec.yaml",
            Bert4RecConfig,
            {"hidden_dim": 63},
            "hidden_dim: expected a multiple of heads (2), got 63",
        ),
        (
            "server.yaml",
            ServerConfig,
            {"port": 70000},
            "port: expected less than or equal to 65535, got 70000",
        ),
        ("tracking.yaml", TrackingConfig, {"enabled": None}, "enabled: expected boolean, got None"),
        (
            "data.yaml",
            DataConfig,
            {"highest_rating": 0.5},
            "highest_rating: expected more than lowest_rating",
        ),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(
    tmp_path: Path, name: str, model: type[config.Config], values: dict[str, object], expected: str | None
) -> None:
    text = message(changed(tmp_path, name, **values), model)
    if expected is None:
        assert text.startswith(f"{next(iter(values))}: expected ")
    else:
        assert text == expected


def test_every_problem_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    text = message(changed(tmp_path, "server.yaml", port=0, workers=0), ServerConfig)
    assert text == "port: expected greater than or equal to 1, got 0; workers: expected greater than 0, got 0"


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tracking.yaml"
    path.write_text("enabled: true\n")
    assert message(path, TrackingConfig) == "experiment: missing"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected keys and values, found NoneType"),
        ("- 1\n- 2\n", "expected keys and values, found list"),
        ("enabled: [", "not valid YAML: line 1: "),
        ("enabled: true\nexperiment: }", "not valid YAML: line 2: "),
        ("\udc80", "not valid YAML: "),
    ],
)
def test_what_is_no_document_of_keys_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "tracking.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert message(path, TrackingConfig).startswith(expected)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    assert message(tmp_path / "none.yaml", TrackingConfig) == "not found"
    assert message(tmp_path, TrackingConfig) == "expected a file, found a folder"


def test_a_python_object_in_yaml_is_not_built(tmp_path: Path) -> None:
    path = tmp_path / "tracking.yaml"
    path.write_text("enabled: !!python/object/apply:os.getcwd []\nexperiment: x\n")
    assert message(path, TrackingConfig).startswith("not valid YAML: ")
