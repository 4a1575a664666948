"""What an evaluation refuses, in one line."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny

from movie_genie import weights
from movie_genie.data import schemas
from movie_genie.errors import UserError
from movie_genie.evaluation.evaluate import evaluate
from movie_genie.files import read_json


@pytest.fixture(autouse=True)
def _nowhere_to_track(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # without configs/tracking.yaml nothing is tracked


def test_models_that_give_nan_are_refused_by_name(evaluable, lenient, tmp_path):
    root = shutil.copytree(evaluable, tmp_path / "project")
    folder = root / "models/bert4rec/weights/temporal/bert4rec"
    config, tensors = weights.load(folder)
    broken = {name: np.array(tensor) for name, tensor in tensors.items()}
    broken["bias"][:] = np.nan
    weights.save(folder, broken, config, {"network.onnx": (folder / "network.onnx").read_bytes()})
    with pytest.raises(UserError, match=r"temporal, \w+: scores hold NaN"):
        evaluate(lenient, root, tmp_path / "releases")


def test_models_of_another_vocabulary_are_refused(evaluable, lenient, tmp_path):
    root = shutil.copytree(evaluable, tmp_path / "project")
    tiny.write_models(root, items=12, seed=1)
    with pytest.raises(UserError, match=r"trained on 12 films, but the vocabulary has"):
        evaluate(lenient, root, tmp_path / "releases")


def test_a_split_without_cases_is_one_clear_line(evaluable, lenient, tmp_path):
    root = shutil.copytree(evaluable, tmp_path / "project")
    path = root / "data/processed/interactions.parquet"
    ratings = schemas.read_table(path, schemas.INTERACTIONS)
    ratings["temporal"] = ratings["temporal"].where(ratings["temporal"] != schemas.TEST, schemas.TRAIN)
    schemas.write_table(path, ratings, schemas.INTERACTIONS)
    with pytest.raises(UserError, match=r"interactions\.parquet: no test case under temporal"):
        evaluate(lenient, root, tmp_path / "releases")


def test_a_model_that_was_never_trained_is_named_with_those_that_were(evaluable, lenient, tmp_path):
    root = shutil.copytree(evaluable, tmp_path / "project")
    config = lenient.model_copy(update={"rankers": ["oracle"]})
    says = r"no model 'oracle' under .*; trained are bert4rec, content_profile, sequential_ridge, two_tower"
    with pytest.raises(UserError, match=says):
        evaluate(config, root, tmp_path / "releases")


def test_a_check_against_nothing_that_is_measured_is_refused_before_anything_is(evaluable, lenient, tmp_path):
    check = lenient.gate[0].model_copy(update={"against": "oracle"})
    with pytest.raises(UserError, match=r"gate\.0\.against: expected one of number, .*got 'oracle'"):
        evaluate(lenient.model_copy(update={"gate": [check]}), tmp_path / "nowhere", tmp_path)


def test_the_gate_may_ask_for_any_figure_latencies_too(evaluable, lenient, tmp_path):
    root = shutil.copytree(evaluable, tmp_path / "project")
    base = lenient.gate[0].model_copy(update={"against": "number", "at_least": None, "status": "required"})
    slow = base.model_copy(
        update={"name": "fast", "protocol": None, "metric": "integrated_latency_ms_p99", "at_most": 1e-6}
    )
    broad = base.model_copy(update={"name": "broad", "metric": "coverage_at_10", "at_least": 0.01})
    with pytest.raises(UserError, match=r"fast: integrated_latency_ms_p99 is .*asked: at most 1e-06$"):
        evaluate(lenient.model_copy(update={"gate": [broad, slow]}), root, tmp_path / "releases")
    checks = {row["name"]: row["passed"] for row in read_json(root / "results/gate.json")["checks"]}
    assert checks == {"broad": True, "fast": False}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"metric": "charm"}, r"gate\.0\.metric: expected one of recall_at_10, .*got 'charm'"),
        (
            {"metric": "retrieval_ceiling", "against": "popularity"},
            r"gate\.0\.metric: .*got 'retrieval_ceiling'",
        ),
        ({"metric": "ndcg_at_10", "protocol": None}, r"gate\.0\.metric: .*got 'ndcg_at_10'"),
        ({"against": "integrated"}, r"gate\.0\.against: .*got 'integrated'"),
    ],
)
def test_a_check_of_what_is_not_measured_is_refused_before_anything_is_read(lenient, tmp_path, changes, says):
    base = lenient.gate[0].model_copy(update={"against": "number", "at_least": 1.0, "status": "required"})
    check = base.model_copy(update=changes)
    with pytest.raises(UserError, match=says):
        evaluate(lenient.model_copy(update={"gate": [check]}), tmp_path / "nowhere", tmp_path)


def test_a_check_of_predicted_ratings_needs_a_model_that_predicts_some(evaluable, lenient, tmp_path):
    root = shutil.copytree(evaluable, tmp_path / "project")
    base = lenient.gate[0].model_copy(update={"against": "number", "at_least": None, "at_most": 1.0})
    check = base.model_copy(update={"metric": "predicted_rating_mae"})
    config = lenient.model_copy(update={"gate": [check], "rankers": ["content_profile"]})
    with pytest.raises(UserError, match=r"gate\.0\.metric: 'predicted_rating_mae' is not measured"):
        evaluate(config, root, tmp_path / "releases")


@pytest.mark.parametrize("name", ["popularity", "integrated", "number"])
def test_a_model_named_as_something_else_is_refused(lenient, tmp_path, name):
    config = lenient.model_copy(update={"rankers": [name]})
    with pytest.raises(UserError, match=f"'{name}' is no name for a model"):
        evaluate(config, tmp_path / "nowhere", tmp_path)
