from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from histories import watched
from random_models import DIM, ITEMS, normal, two_stage

from movie_genie import weights
from movie_genie.artifacts import CONTENT_PROFILE
from movie_genie.errors import UserError
from movie_genie.inference.newcomers import Newcomers, emphasised
from movie_genie.inference.two_stage import TwoStage

NEWCOMERS = {"model": "profile", "strength": 2.0, "films": 5.0}


def test_emphasis_fades_with_the_films_known():
    newcomers = Newcomers("profile", strength=2.0, films=10.0)
    shares = [newcomers.emphasis(known, 1.0) for known in (1, 5, 10, 20, 100)]
    assert shares == sorted(shares, reverse=True)
    assert shares[2] == 1.0
    assert shares[0] == pytest.approx(2, rel=0.02)
    assert shares[-1] < 0.02


def test_a_taste_half_as_clear_gets_half_the_emphasis():
    newcomers = Newcomers("profile", strength=2.0, films=10.0)
    assert newcomers.emphasis(3, 0.5) == newcomers.emphasis(3, 1.0) / 2
    assert newcomers.emphasis(3, 0.0) == 0


def test_it_is_a_share_of_all_weights_together():
    found = emphasised(np.array([1.0, 0.5], np.float32), np.array([0.0, 2.0], np.float32))
    assert found.tolist() == [1.0, 3.5]


@pytest.fixture
def recipe(tmp_path) -> tuple[dict, dict[str, Path]]:
    """A recipe of a source and a content profile, and where they lie."""
    two_stage(tmp_path)
    vectors = {"film_vectors": normal(9, ITEMS, DIM)}
    weights.save(tmp_path / "profile", vectors, {"kind": CONTENT_PROFILE, "window": 50})
    document = {
        "sources": [{"name": "tower", "candidates": 15, "weight": 1.0}],
        "rankers": [{"name": "profile", "weight": 0.5}],
        "newcomers": NEWCOMERS,
    }
    return document, {name: tmp_path / name for name in ("tower", "profile")}


@pytest.fixture
def system(recipe) -> TwoStage:
    return TwoStage.of_recipe(*recipe, Path("recipe.json"))


@pytest.mark.parametrize("films", [1, 3, 20])
def test_the_fewer_films_are_known_the_more_the_model_counts(system, films):
    history = watched(*range(films))
    (found,) = system.candidates([history], [history.items])
    clarity = float(system.models["profile"].read([history])[0, -1])
    expected = system.weights.copy()
    expected[1] += system.weights.sum() * system.newcomers.emphasis(films, clarity)
    np.testing.assert_allclose(system.fused(found), expected @ found.scores, rtol=1e-4, atol=1e-5)
    ranking = system.recommend(history, 5, history.items)
    np.testing.assert_allclose(ranking.scales, expected / found.deviations, rtol=1e-5)


def test_a_stranger_is_no_newcomer(system):
    nothing = watched()
    before, after = (
        one.recommend(nothing, 5, nothing.items) for one in (system, replace(system, newcomers=None))
    )
    assert before.items.tolist() == after.items.tolist()


def test_what_counts_for_newcomers_stands_in_the_recipe(system):
    assert system.recipe()["newcomers"] == NEWCOMERS
    assert replace(system, newcomers=None).recipe()["newcomers"] is None


@pytest.mark.parametrize(
    "change",
    [{"model": "nobody"}, {"model": "tower"}, {"strength": -1.0}, {"films": 0.0}, {"more": 1}],
)
def test_a_broken_recipe_is_refused_in_one_line(recipe, change):
    document, folders = recipe
    document["newcomers"] = NEWCOMERS | change
    with pytest.raises(UserError, match=r"recipe\.json: no recipe of sources and rankers"):
        TwoStage.of_recipe(document, folders, Path("recipe.json"))
