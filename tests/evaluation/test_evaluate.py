"""The stage as a whole, on a small project with models of random weights."""

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
import tiny

from movie_genie import weights
from movie_genie.config import EvaluationConfig
from movie_genie.data import schemas
from movie_genie.data.cases import held_out
from movie_genie.errors import UserError
from movie_genie.evaluation import figures, incumbent
from movie_genie.evaluation import inputs as inputs_module
from movie_genie.evaluation.evaluate import evaluate
from movie_genie.evaluation.measure import measure
from movie_genie.evaluation.systems import label, names
from movie_genie.files import digest, read_json, write_json
from movie_genie.releases import store as releases

OUTPUTS = [
    "gate.json", "key_metrics.json", "per_user.parquet", "report.html", "timings.json", "two_stage.json",
]  # fmt: skip
PLOTS = ["plots/history_length.csv", "plots/systems.csv"]


SYSTEMS = [
    "integrated", "two_tower", "sequential_ridge", "bert4rec", "content_profile",
    "popularity_7_days", "popularity_30_days", "popularity_365_days", "popularity_730_days", "popularity",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _nowhere_to_track(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # without configs/tracking.yaml nothing is tracked


@pytest.fixture(scope="module")
def evaluated(evaluable: Path, lenient: EvaluationConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after the stage; shared, only to be read."""
    root = tmp_path_factory.mktemp("evaluated") / "project"
    shutil.copytree(evaluable, root)
    shutil.rmtree(root / "results")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        evaluate(lenient, root, root / "releases")
    return root


def strict(config: EvaluationConfig, at_least: float) -> EvaluationConfig:
    floor = next(check for check in config.gate if check.against == "number")
    return config.model_copy(
        update={"gate": [floor.model_copy(update={"at_least": at_least, "status": "required"})]}
    )


def test_all_that_dvc_expects_is_written(evaluated):
    written = [
        path.relative_to(evaluated / "results").as_posix()
        for path in (evaluated / "results").rglob("*")
        if path.is_file()
    ]
    assert sorted(written) == sorted(OUTPUTS + PLOTS)


def test_every_system_has_every_metric_under_both_protocols(evaluated):
    metrics = read_json(evaluated / "results/key_metrics.json")
    names = ["recall_at_10", "recall_at_20", "ndcg_at_10", "mrr"]
    names += ["coverage_at_10", "novelty_at_10", "diversity_at_10"]
    for protocol in schemas.PROTOCOLS:
        for system in SYSTEMS:
            for name in names:
                assert metrics[f"{protocol}_{system}_{name}"] >= 0
        assert metrics[f"{protocol}_split_hash"] == f"{protocol} of seed 7"
        lost = metrics[f"{protocol}_retrieval_ceiling"] - metrics[f"{protocol}_integrated_recall_at_10"]
        assert metrics[f"{protocol}_ranking_loss_at_10"] == pytest.approx(lost, abs=1e-5)
        assert (
            0
            < metrics[f"{protocol}_predicted_rating_mae"]
            <= metrics[f"{protocol}_predicted_rating_rmse"]
            < 4
        )
        for error in ("mae", "rmse"):  # the small project's users rate all alike
            assert metrics[f"{protocol}_bias_rating_{error}"] == 0
    assert not any("_ms_" in name or "seconds" in name for name in metrics)


def test_the_figures_follow_from_the_ranks_of_each_case(evaluated):
    metrics = read_json(evaluated / "results/key_metrics.json")
    ranks = schemas.read_table(evaluated / "results/per_user.parquet", schemas.PER_USER)
    assert set(ranks.system) == set(SYSTEMS)
    for (protocol, system), rows in ranks.groupby(["protocol", "system"]):
        by_user = (rows["rank"] < 10).groupby(rows.user_idx).mean()
        assert metrics[f"{protocol}_{system}_recall_at_10"] == pytest.approx(by_user.mean(), abs=1e-6)
        assert metrics[f"{protocol}_users"] == len(by_user)
        assert metrics[f"{protocol}_cases"] == len(rows)


def test_the_recipe_for_serving_holds_the_sources_rankers_and_the_weights_that_validation_chose(
    evaluated, lenient
):
    recipe = read_json(evaluated / "results/two_stage.json")
    assert [(one["name"], one["candidates"]) for one in recipe["sources"]] == [
        (source.name, source.candidates) for source in lenient.sources
    ]
    assert [one["name"] for one in recipe["rankers"]] == lenient.rankers
    assert recipe["newcomers"] == lenient.newcomers.model_dump()
    metrics = read_json(evaluated / "results/key_metrics.json")
    for one in (*recipe["sources"], *recipe["rankers"]):
        assert metrics[f"leave_one_out_{one['name']}_weight"] == one["weight"] >= 0


def test_plots_have_a_row_for_each_system(evaluated):
    with (evaluated / "results/plots/systems.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["protocol"], row["system"]) for row in rows] == [
        (protocol, system) for protocol in schemas.PROTOCOLS for system in SYSTEMS
    ]
    lengths = pd.read_csv(evaluated / "results/plots/history_length.csv", dtype=str)
    newcomers = lengths[lengths.asked == "leave_one_out: only the latest films known"]
    assert list(dict.fromkeys(newcomers.films)) == ["1", "3", "all"]


def test_a_second_run_writes_the_same_bytes_but_for_timings(evaluated, lenient, tmp_path):
    again = tmp_path / "project"
    shutil.copytree(evaluated, again)
    evaluate(lenient, again, tmp_path / "releases")
    for name in [*OUTPUTS, *PLOTS]:
        if name != "timings.json":
            assert digest(again / "results" / name) == digest(evaluated / "results" / name), name


def test_a_failed_gate_names_its_check_after_everything_is_written(evaluable, lenient, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(evaluable, root)
    shutil.rmtree(root / "results")
    with pytest.raises(
        UserError, match=r"gate\.json: the gate refuses these models: absolute floor: .*0\.99"
    ):
        evaluate(strict(lenient, 0.99), root, tmp_path / "releases")
    for name in [*OUTPUTS, *PLOTS]:
        assert (root / "results" / name).is_file()
    assert read_json(root / "results/gate.json")["passed"] is False
    assert "The gate refuses these models" in (root / "results/report.html").read_text()


def test_titles_are_shown_as_they_are_and_never_run(evaluable, lenient, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(evaluable, root)
    path = root / "data/processed/content_features.parquet"
    content = schemas.read_table(path, schemas.CONTENT)
    content["title"] = "<script>alert('Ran & hit')</script>"
    schemas.write_table(path, content, schemas.CONTENT)
    evaluate(lenient, root, tmp_path / "releases")
    page = (root / "results/report.html").read_text()
    assert "&lt;script&gt;alert(&#39;Ran &amp; hit&#39;)" in page
    assert "<script" not in page


def test_the_report_needs_nothing_but_itself(evaluated, lenient):
    page = (evaluated / "results/report.html").read_text()
    assert "http" not in page
    assert "src=" not in page
    assert names(lenient) == SYSTEMS
    for system in SYSTEMS:
        assert label(system) in page


@pytest.fixture(scope="module")
def in_use(evaluated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A releases folder whose current release is the evaluated project; shared, only to be read."""
    folder = tmp_path_factory.mktemp("in_use") / "releases"
    release_id = releases.publish(evaluated, folder, datetime(2026, 1, 1, tzinfo=UTC))
    (folder / releases.CURRENT).symlink_to(release_id)
    return folder


def incumbent_check(root: Path) -> dict:
    return next(
        row for row in read_json(root / "results/gate.json")["checks"] if row["against"] == "incumbent"
    )


def test_the_release_in_use_is_compared_by_its_own_ranks_on_the_same_split(
    evaluated, in_use, lenient, tmp_path
):
    root = shutil.copytree(evaluated, tmp_path / "project")
    evaluate(lenient, root, in_use)
    verdict = read_json(root / "results/gate.json")
    assert verdict["incumbent"] == (in_use / "current").resolve().name
    row = incumbent_check(root)
    assert (row["ratio"], row["share_not_worse"], row["passed"]) == (1, 1, True)
    assert "its own ranks" in row["note"]


def test_on_another_split_the_release_in_use_answers_the_new_questions(evaluated, in_use, lenient, tmp_path):
    root = shutil.copytree(evaluated, tmp_path / "project")
    splits = read_json(root / "data/processed/splits.json")
    write_json(root / "data/processed/splits.json", splits | {"leave_one_out_hash": "new ratings came in"})
    evaluate(lenient, root, in_use)
    row = incumbent_check(root)
    assert "its models" in row["note"]
    assert (row["ratio"], row["passed"]) == (1, True)  # the same models on the same cases after all


def test_films_that_came_since_change_no_answer_of_the_release_in_use(evaluated, in_use):
    inputs = inputs_module.load(evaluated)
    cases = held_out(inputs.interactions, "leave_one_out", schemas.TEST)
    before = measure("before", incumbent._Release(in_use / "current", inputs.movie_ids), cases)
    grown = np.union1d(inputs.movie_ids, [0, inputs.movie_ids[3] + 1, 10**6])
    place = np.searchsorted(grown, inputs.movie_ids)
    assert (place != np.arange(len(place))).all()  # every film has another number now
    events = replace(cases.events, items=place[cases.events.items])
    moved = replace(cases, targets=place[cases.targets], events=events)
    after = measure("after", incumbent._Release(in_use / "current", grown), moved)
    np.testing.assert_array_equal(after.ranks, before.ranks)
    np.testing.assert_array_equal(after.lists, np.where(before.lists < 0, -1, place[before.lists]))


def test_films_that_came_since_are_out_of_reach_of_the_release_in_use(evaluated, in_use):
    inputs = inputs_module.load(evaluated)
    cases = held_out(inputs.interactions, "leave_one_out", schemas.TEST)
    grown = np.append(inputs.movie_ids, 10**6)
    targets, items = cases.targets.copy(), cases.events.items.copy()
    targets[0] = items[cases.starts[1]] = len(grown) - 1  # the target of one user, in the history of another
    answers = measure(
        "release",
        incumbent._Release(in_use / "current", grown),
        replace(cases, targets=targets, events=replace(cases.events, items=items)),
    )
    assert np.isinf(answers.ranks[0])
    assert np.isfinite(answers.ranks).any()


def test_a_broken_release_in_use_can_be_replaced_and_is_named(evaluated, in_use, lenient, tmp_path):
    root = shutil.copytree(evaluated, tmp_path / "project")
    folder = shutil.copytree(in_use, tmp_path / "releases", symlinks=True)
    (folder / "current/per_user.parquet").write_bytes(b"torn")
    evaluate(lenient, root, folder)
    row = incumbent_check(root)
    assert row["passed"] is None
    assert "not comparable" in row["note"]
    assert "per_user.parquet" in row["note"]


def rewrite_models(release: Path, changed: Callable[[np.ndarray], np.ndarray], films: int) -> None:
    for folder in (release / "models").iterdir():
        config, tensors = weights.load(folder)
        networks = {path.name: path.read_bytes() for path in folder.glob("*.onnx")}
        tensors = {name: changed(values) for name, values in tensors.items()}
        if "films" in tensors:
            tensors["films"] = np.minimum(tensors["films"], films - 1)
        weights.save(folder, tensors, config, networks)


def of_fewer_films(release: Path) -> None:
    """Compiled code reads such models at places that they do not have."""
    rewrite_models(release, lambda values: values[:5].copy(), 5)


def of_more_films(release: Path) -> None:
    rewrite_models(release, lambda values: np.concatenate([values] * 3), len(tiny.FILMS))


def of_one_history_at_a_time(release: Path) -> None:
    """The network loads, and fails in ONNX Runtime when it is asked."""
    path = release / "models/bert4rec/network.onnx"
    network = onnx.load(path)
    for given in network.graph.input:
        given.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(network, path)


def of_no_numbers(release: Path) -> None:
    networks = tiny.tiny_networks(np.full((tiny.DIM, tiny.DIM), np.nan, np.float32), reads_ratings=True)
    (release / "models/bert4rec/network.onnx").write_bytes(networks["network.onnx"])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (of_fewer_films, f"its models know 5 films, its catalogue {len(tiny.FILMS)}"),
        (of_more_films, f"its models know {3 * len(tiny.FILMS)} films, its catalogue {len(tiny.FILMS)}"),
        (of_one_history_at_a_time, "Got invalid dimensions for input"),
        (of_no_numbers, "scores hold NaN"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_release_in_use_whose_models_fail_can_be_replaced_and_is_named(
    evaluated, in_use, lenient, tmp_path, damage, reason
):
    root = shutil.copytree(evaluated, tmp_path / "project")
    splits = read_json(root / "data/processed/splits.json")
    write_json(root / "data/processed/splits.json", splits | {"leave_one_out_hash": "new ratings came in"})
    folder = shutil.copytree(in_use, tmp_path / "releases", symlinks=True)
    damage(folder / "current")
    evaluate(lenient, root, folder)
    row = incumbent_check(root)
    assert row["passed"] is None
    assert row["note"].startswith("not comparable: ")
    assert reason in row["note"]
    assert "\n" not in row["note"]


def test_a_check_may_ask_for_each_figure_that_is_written(evaluated, lenient):
    figures_of = {
        f"{protocol}_{name}"
        for protocol in schemas.PROTOCOLS
        for name in (
            *figures.of_a_protocol(lenient),
            *(f"{system}_{name}" for system in names(lenient) for name in figures.of_a_system(lenient)),
        )
    }
    written = read_json(evaluated / "results/key_metrics.json")
    assert figures_of == {name for name, value in written.items() if not isinstance(value, str)}
    assert {*read_json(evaluated / "results/timings.json")} == {*figures.OF_THE_RUN}
