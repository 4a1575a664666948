"""A source in closed form checks its own settings, and says what is wrong as any configuration does."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from movie_genie.config import TwoTowerConfig
from movie_genie.config_file import load_config
from movie_genie.errors import UserError
from movie_genie.retrieval.train import CLOSED_FORMS, closed_forms, train

SHIPPED = Path(__file__).resolve().parents[2] / "configs/two_tower.yaml"


def with_ridge(tmp_path: Path, **values: Any) -> TwoTowerConfig:
    """The shipped configuration, with some values of its ridge changed; None removes a key."""
    document = yaml.safe_load(SHIPPED.read_text())
    ridge = next(source for source in document["closed_forms"] if source["kind"] == "sequential_ridge")
    ridge |= values
    document["closed_forms"] = [{name: value for name, value in ridge.items() if value is not None}]
    path = tmp_path / "two_tower.yaml"
    path.write_text(yaml.safe_dump(document))
    return load_config(path, TwoTowerConfig)


@pytest.mark.parametrize("name", ["", "two_tower", "Ridge", "../ridge", "a-b"])
def test_a_name_that_is_no_folder_of_its_own_is_refused(tmp_path, name):
    with pytest.raises(UserError, match=r"closed_forms\.0\.name: expected "):
        with_ridge(tmp_path, name=name)


def test_two_sources_of_one_name_are_refused(tmp_path):
    document = yaml.safe_load(SHIPPED.read_text())
    document["closed_forms"] = document["closed_forms"][:1] * 2
    path = tmp_path / "two_tower.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(UserError, match=r"closed_forms\.1\.name: expected another, .* is taken"):
        load_config(path, TwoTowerConfig)


def test_the_shipped_settings_are_those_of_the_sources():
    config = load_config(SHIPPED, TwoTowerConfig)
    assert [type(source) for source in closed_forms(config)] == [
        CLOSED_FORMS[source.kind] for source in config.closed_forms
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"decay": 1.5}, "decay: expected less than or equal to 1, got 1.5"),
        ({"kept": None}, "kept: missing"),
        ({"lambda": 3}, "lambda: unknown key"),
        ({"window": "40"}, "window: expected integer, got '40'"),
        ({"films": 0}, "films: expected greater than 0, got 0"),
        ({"kind": "ridge"}, f"kind: expected one of {', '.join(CLOSED_FORMS)}, got 'ridge'"),
    ],
)
def test_a_wrong_setting_is_one_line_and_nothing_is_trained(tmp_path, values, expected):
    with pytest.raises(UserError) as error:
        train(with_ridge(tmp_path, **values), tmp_path)
    assert str(error.value) == f"configs/two_tower.yaml: closed_forms.0: {expected}"
    assert not (tmp_path / "models").exists()
