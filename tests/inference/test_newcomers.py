from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from histories import watched
from random_models import ITEMS, two_stage

from movie_genie import weights
from movie_genie.artifacts import FOLLOWERS
from movie_genie.errors import UserError
from movie_genie.inference.newcomers import Newcomers, emphasised
from movie_genie.inference.two_stage import TwoStage


def test_emphasis_fades_with_the_films_known():
    newcomers = Newcomers("ridge", strength=2.0, films=10.0)
    shares = [newcomers.emphasis(known) for known in (1, 5, 10, 20, 100)]
    assert shares == sorted(shares, reverse=True)
    assert shares[2] == 1.0
    assert shares[0] == pytest.approx(2, rel=0.02)
    assert shares[-1] < 0.02


def test_it_is_a_share_of_all_weights_together():
    found = emphasised(np.array([1.0, 0.5], np.float32), np.array([0.0, 2.0], np.float32))
    assert found.tolist() == [1.0, 3.5]


@pytest.fixture
def system(tmp_path):
    return two_stage(tmp_path)


@pytest.mark.parametrize("films", [1, 3, 20])
def test_the_fewer_films_are_known_the_more_the_model_counts(system, films):
    newcomers = Newcomers("ridge", strength=2.0, films=5.0)
    told, history = replace(system, newcomers=newcomers), watched(*range(films))
    (found,) = told.candidates([history], [history.items])
    weights = system.weights.copy()
    weights[1] += system.weights.sum() * newcomers.emphasis(films)
    np.testing.assert_allclose(told.fused(found), weights @ found.scores, rtol=1e-4, atol=1e-5)
    ranking = told.recommend(history, 5, history.items)
    np.testing.assert_allclose(ranking.scales, weights / found.deviations, rtol=1e-5)


def test_a_stranger_is_no_newcomer(system):
    told = replace(system, newcomers=Newcomers("ridge", strength=1000.0, films=5.0))
    nothing = watched()
    before, after = (one.recommend(nothing, 5, nothing.items) for one in (system, told))
    assert before.items.tolist() == after.items.tolist()


def test_what_counts_for_newcomers_stands_in_the_recipe(tmp_path, system):
    told = replace(system, newcomers=Newcomers("ridge", strength=1.5, films=15.0))
    assert told.recipe()["newcomers"] == {"model": "ridge", "strength": 1.5, "films": 15.0}
    assert system.recipe()["newcomers"] is None


@pytest.mark.parametrize(
    "newcomers",
    [
        {"model": "nobody", "strength": 1.0, "films": 5.0},
        {"model": "ridge", "strength": -1.0, "films": 5.0},
        {"model": "ridge", "strength": 1.0, "films": 0.0},
        {"model": "ridge"},
    ],
)
def test_a_broken_recipe_is_refused_in_one_line(tmp_path, newcomers):
    sources = [
        {"name": "tower", "candidates": 9, "weight": 1.0},
        {"name": "ridge", "candidates": 9, "weight": 1.0},
    ]
    two_stage(tmp_path)
    table = {"films": np.zeros((ITEMS, 1), np.int32), "strength": np.ones((ITEMS, 1), np.float32)}
    weights.save(tmp_path / "ridge", table, {"kind": FOLLOWERS, "decay": 0.5, "window": 3})
    folders = {name: tmp_path / name for name in ("tower", "ridge")}
    with pytest.raises(UserError, match="recipe"):
        TwoStage.of_recipe(
            {"sources": sources, "rankers": [], "newcomers": newcomers}, folders, Path("recipe.json")
        )
