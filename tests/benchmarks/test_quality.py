"""What the quality benchmark does by itself: settings of experiments, the folder of a data set, seeds in one figure."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import summary
from benchmarks.quality.__main__ import protocol_figures
from benchmarks.quality.child import in_child
from benchmarks.quality.data_sets import without_rare_films
from benchmarks.quality.measure import WITHOUT, Measured, without
from benchmarks.quality.settings import OF_DATA_SETS, load, parse
from movie_genie.config import EvaluationConfig
from movie_genie.config_file import load_config, read_yaml
from movie_genie.errors import UserError

CONFIGS = Path(__file__).parents[2] / "configs"


def test_without_overrides_the_settings_are_the_committed_ones():
    assert load(CONFIGS, "packaged", []).evaluation == load_config(
        CONFIGS / "evaluation.yaml", EvaluationConfig
    )


def test_a_data_set_changes_what_its_file_says_and_an_experiment_changes_that():
    committed, own = load(CONFIGS, "packaged", []), load(CONFIGS, "ml-1m", ["bert4rec.blocks=3"])
    changes = read_yaml(OF_DATA_SETS / "ml-1m.yaml")
    assert own.bert4rec == committed.bert4rec.model_copy(update={**changes["bert4rec"], "blocks": 3})
    assert "ease" in own.evaluation.models and "ease" not in committed.evaluation.models
    assert own.sequences == committed.sequences


def test_overrides_are_yaml_and_reach_into_lists():
    committed = load(CONFIGS, "packaged", [])
    changed = load(
        CONFIGS,
        "packaged",
        [
            "bert4rec.blocks=3",
            "bert4rec.loss=gbce",
            "two_tower.decays=[0.5, 0.9]",
            "two_tower.closed_forms.0.window=7",
            "evaluation.sources.0.candidates=500",
        ],
    )
    assert changed.bert4rec == committed.bert4rec.model_copy(update={"blocks": 3, "loss": "gbce"})
    assert changed.two_tower.decays == [0.5, 0.9]
    assert changed.two_tower.closed_forms[0].model_dump()["window"] == 7
    assert changed.evaluation.sources[0].candidates == 500


@pytest.mark.parametrize(
    "override", ["blocks=1", "bert4rec.blocks", "server.port=1", "bert4rec.=1", "bert4rec=1"]
)
def test_what_names_no_key_of_a_file_is_refused(override):
    with pytest.raises(UserError, match=r"expected FILE\.KEY=VALUE"):
        parse(override)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("bert4rec.blocks=many", r"bert4rec\.yaml: blocks: expected .*integer, got 'many'"),
        ("bert4rec.block=1", r"--set bert4rec\.block=1: the files have no such key"),
        ("two_tower.closed_forms.9.window=7", "no such key"),
        ("bert4rec.blocks.0=1", "no such key"),
        ("bert4rec.blocks=[1", "not valid YAML"),
    ],
)
def test_a_wrong_override_is_one_line_that_says_what_is_wrong(override, message):
    with pytest.raises(UserError, match=message):
        load(CONFIGS, "packaged", [override])


def test_each_seed_is_both_trainings_and_nothing_else():
    committed = load(CONFIGS, "packaged", [])
    second = committed.seeded(1)
    assert second.bert4rec.seed == committed.bert4rec.seed + 1
    assert second.two_tower.seed == committed.two_tower.seed + 1
    assert second.evaluation == committed.evaluation


def test_a_model_is_left_out_wherever_it_is():
    config = load(CONFIGS, "packaged", []).evaluation
    for model in config.models:
        assert without(config, model).models == [name for name in config.models if name != model]


def test_figures_over_seeds_are_mean_and_spread():
    seeds = [{"bert4rec": {"ndcg_at_10": value}, "ease": {"ndcg_at_10": 0.5}} for value in (0.1, 0.2, 0.6)]
    assert summary.systems(seeds) == {
        "bert4rec": {"ndcg_at_10": {"mean": 0.3, "min": 0.1, "max": 0.6}},
        "ease": {"ndcg_at_10": {"mean": 0.5, "min": 0.5, "max": 0.5}},
    }


def test_the_quotients_interval_is_paired_and_of_the_seeds_mean():
    theirs = np.random.default_rng(1).random(500)
    twice = summary.quotient([2 * theirs], [theirs], samples=200, seed=7)
    assert twice == {"mean": 2.0, "min": 2.0, "max": 2.0, "low": 2.0, "high": 2.0}
    noise = np.random.default_rng(2).normal(0, 0.2, 500)
    seeds = summary.quotient([theirs + noise, theirs - noise], [theirs, theirs], samples=200, seed=7)
    assert seeds["min"] < 1 < seeds["max"]
    assert (seeds["low"], seeds["high"]) == (1.0, 1.0)  # what one seed gains, the other loses
    one = summary.quotient([theirs + noise], [theirs], samples=200, seed=7)
    assert one["low"] < one["mean"] < one["high"]


def measured(ndcg: float) -> Measured:
    systems = {name: {"ndcg_at_10": ndcg} for name in ("integrated", WITHOUT)} | {
        "candidates": {"recall": 0.7}
    }
    weights = {"integrated": {"two_tower": 2.0, "bert4rec": ndcg}, WITHOUT: {"two_tower": 1.0}}
    gains = {"integrated": np.full(4, 2 * ndcg), WITHOUT: np.full(4, ndcg)}
    ratings = {"predicted_rating": {"mae": ndcg, "rmse": 2 * ndcg}}
    return Measured("a hash", 9, 4, systems, ratings, weights, gains)


def test_a_protocols_part_of_the_results_has_every_system_and_what_the_ranker_brings():
    figures = protocol_figures([measured(0.1), measured(0.3)], load(CONFIGS, "packaged", []).evaluation)
    assert (figures["split_hash"], figures["cases"], figures["users"]) == ("a hash", 9, 4)
    assert figures[WITHOUT]["ndcg_at_10"] == {"mean": 0.2, "min": 0.1, "max": 0.3}
    assert figures["candidates"] == {"recall": {"mean": 0.7, "min": 0.7, "max": 0.7}}
    assert figures["ratings"]["predicted_rating"]["rmse"] == {"mean": 0.4, "min": 0.2, "max": 0.6}
    assert figures["weights"]["integrated"]["bert4rec"]["mean"] == 0.2
    assert figures["quotient_with_and_without"]["ndcg_at_10"]["low"] == 2.0


def test_without_the_ranker_among_the_models_nothing_is_compared():
    one = measured(0.1)
    one.gains.pop(WITHOUT)
    assert "quotient_with_and_without" not in protocol_figures(
        [one], load(CONFIGS, "packaged", []).evaluation
    )


def test_rare_films_are_dropped_from_both_files_and_the_rest_is_left_as_it_is(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    rows = ["user,movie,rating,time_rank,timestamp", "1,10,5,1,978300760", "1,20,3,2,", "2,10,4,1,"]
    with gzip.open(source / "ratings.csv.gz", "wt") as file:
        file.write("\n".join(rows) + "\n")
    (source / "movies.dat").write_bytes(b"10::Am\xe9lie (2001)::Comedy\n20::Rare (1990)::Drama\n")
    target = without_rare_films(source, tmp_path / "target", fewest=2)
    assert (target / "ratings.csv").read_text().splitlines() == [rows[0], rows[1], rows[3]]
    assert (target / "movies.dat").read_bytes() == b"10::Am\xe9lie (2001)::Comedy\n"


def test_a_data_set_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match=r"ratings\.csv\.gz: cannot be read.*--data"):
        without_rare_films(tmp_path, tmp_path / "target")


@pytest.mark.slow
def test_a_child_works_in_the_folder_and_tells_what_it_took(tmp_path):
    where, cost = in_child(tmp_path, Path.cwd)
    assert where == tmp_path
    assert cost.seconds >= 0 and cost.peak_memory_mb > 1
    with pytest.raises(FileNotFoundError):
        in_child(tmp_path, Path("nothing").stat)
