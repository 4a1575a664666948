from dataclasses import replace

import numpy as np
import pytest
from histories import rated, watched
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_models import ITEMS, followers, sequence_model, two_stage

from movie_genie import artifacts, weights
from movie_genie.errors import UserError
from movie_genie.files import write_json
from movie_genie.history import KNOWN_BY, LIKED
from movie_genie.inference.two_stage import Ranker, Source, TwoStage

HISTORY = st.lists(st.integers(0, ITEMS - 1), max_size=25, unique=True).map(lambda items: watched(*items))
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


@shared
@given(history=HISTORY, k=st.integers(1, 40))
def test_recommendations_are_new_films_best_first(system, history, k):
    ranking = system.recommend(history, k, exclude=history.items)
    assert len(ranking.items) <= min(k, 20, ITEMS - len(history))
    assert len(ranking.items) >= min(k, 10, ITEMS - len(history))
    assert not np.isin(ranking.items, history.items).any()
    assert len(set(ranking.items.tolist())) == len(ranking.items)
    assert (np.diff(ranking.scores) <= 0).all()


@shared
@given(histories=st.lists(rated(ITEMS, longest=25), min_size=1, max_size=6))
def test_histories_asked_together_get_the_answers_that_each_gets_alone(system, histories):
    together = system.candidates(histories, [history.items for history in histories])
    for history, found in zip(histories, together, strict=True):
        (alone,) = system.candidates([history], [history.items])
        np.testing.assert_array_equal(found.items, alone.items)
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-4)


def test_candidates_are_what_each_source_likes_best(system):
    history = watched(1, 2, 3)
    (found,) = system.candidates([history], [np.empty(0, np.int64)])
    best = [
        np.argsort(-source.model.scores(source.model.read([history]))[0], kind="stable")[:10]
        for source in system.sources
    ]
    assert found.items.tolist() == sorted(set(np.concatenate(best).tolist()))


def test_each_models_scores_are_standardised_over_the_candidates(system):
    history = watched(4, 9, 17)
    (found,) = system.candidates([history], [history.items])
    assert found.scores.mean(1) == pytest.approx([0, 0, 0], abs=1e-5)
    assert found.scores.std(1) == pytest.approx([1, 1, 1], abs=1e-4)
    ranker = system.rankers[0].model
    raw = ranker.scores(ranker.read([history]))[0, found.items]
    np.testing.assert_allclose(found.scores[2], (raw - raw.mean()) / raw.std(), atol=1e-4)
    assert found.deviations[2] == pytest.approx(raw.std(), rel=1e-4)


def test_the_order_is_the_weighted_sums(system):
    history = watched(4, 9, 17)
    (found,) = system.candidates([history], [history.items])
    ranking = system.recommend(history, 5, history.items)
    whole = system.weights @ found.scores
    np.testing.assert_allclose(system.fused(found), whole, rtol=1e-5)
    np.testing.assert_allclose(ranking.scores, np.sort(whole)[::-1][:5], rtol=1e-5)
    only_ranker = system.weighted(np.array([0, 0, 1])).recommend(history, 5, history.items)
    assert only_ranker.items.tolist() == found.items[np.argsort(-found.scores[2], kind="stable")[:5]].tolist()


def test_excluded_films_take_no_candidates_place(system):
    history = watched(1, 2, 3)
    one = replace(system, sources=system.sources[:1], rankers=(), weights=np.ones(1, np.float32))
    tower = system.sources[0].model
    best = np.argsort(-tower.scores(tower.read([history]))[0])
    (found,) = one.candidates([history], [best[:3]])
    assert found.items.tolist() == sorted(best[3:13].tolist())


def test_with_every_film_excluded_nothing_is_recommended(system):
    assert len(system.recommend(watched(1), 5, exclude=np.arange(ITEMS)).items) == 0


@shared
@given(history=rated(ITEMS, longest=40).filter(len), count=st.integers(1, 4))
def test_reasons_are_the_largest_shares_of_the_liked_films(system, history, count):
    items = np.array([0, 5, 29])
    ranking = system.recommend(history, 5, history.items)
    places, shares = system.reasons(history, ranking, items, count)
    whole = np.zeros((3, len(history.in_favour)))
    for name, scale in zip(system.models, ranking.scales, strict=True):
        own = system.models[name].contributions(history, items)
        if own is not None:
            whole[:, whole.shape[1] - own.shape[1] :] += scale * own
    positive = np.maximum(whole[:, history.in_favour.stars >= LIKED], 0)
    expected = positive / np.maximum(positive.sum(1, keepdims=True), 1e-9)
    np.testing.assert_allclose(shares, -np.sort(-expected)[:, :count], atol=1e-5)
    for row in range(3):
        assert len(set(places[row].tolist())) == shares.shape[1]
        np.testing.assert_allclose(expected[row, places[row]], shares[row], atol=1e-5)


def test_a_film_hardly_liked_may_bring_another_one_but_is_no_reason(system):
    ridge, hardly_liked, brought = followers(2), 20, 25
    ridge.films[hardly_liked, 0], ridge.strength[hardly_liked, 0] = brought, 50.0
    alone = replace(system, sources=(Source("ridge", ridge, 10),), rankers=(), weights=np.ones(1, np.float32))
    history = watched(*range(KNOWN_BY), hardly_liked, stars=[5.0] * KNOWN_BY + [2.0])
    ranking = alone.recommend(history, 1, history.items)
    assert ranking.items.tolist() == [brought]
    places, _ = alone.reasons(history, ranking, ranking.items, KNOWN_BY + 1)
    assert sorted(places[0].tolist()) == [*range(KNOWN_BY)]


def test_a_film_that_the_recommended_one_follows_is_its_strongest_reason(system):
    ridge, history = followers(2), watched(4, 9, 17)
    ridge.strength[history.items] = 0
    for film, follower in zip(history.items, (20, 21, 22), strict=True):
        ridge.films[film, 0], ridge.strength[film, 0] = follower, 50.0
    alone = replace(system, sources=(Source("ridge", ridge, 10),), rankers=(), weights=np.ones(1, np.float32))
    ranking = alone.recommend(history, 3, history.items)
    places, shares = alone.reasons(history, ranking, np.array([20, 21, 22]), 3)
    assert places[:, 0].tolist() == [0, 1, 2]
    assert (shares[:, 0] > 0.99).all()


def test_what_a_recipe_says_is_what_is_opened(tmp_path):
    made = two_stage(tmp_path / "models", candidates=7)
    folders = {name: tmp_path / "models" / name for name in ("tower", "ranker")}
    one = replace(made, sources=made.sources[:1], weights=made.weights[[0, 2]])
    again = TwoStage.of_recipe(one.recipe(), folders, tmp_path / "two_stage.json")
    history = watched(1, 2, 3)
    np.testing.assert_array_equal(
        again.recommend(history, 5, history.items).items, one.recommend(history, 5, history.items).items
    )
    write_json(tmp_path / "two_stage.json", one.recipe())
    np.testing.assert_allclose(TwoStage.of_release(tmp_path).weights, one.weights)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ({"sources": [{"name": "gone", "candidates": 3, "weight": 1}], "rankers": []}, "'gone' is missing"),
        ({"sources": []}, "'rankers' is missing"),
        ({"sources": [], "rankers": []}, "at least one source"),
        ({"sources": 3, "rankers": []}, "no recipe"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_one_line(recipe, says, tmp_path):
    with pytest.raises(UserError, match=says):
        TwoStage.of_recipe(recipe, {}, tmp_path / "two_stage.json")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"candidates": 0}, "candidates: expected at least 1"),
        ({"weight": -1.0}, "weight: expected numbers of at least 0"),
        ({"weight": float("nan")}, "weight: expected numbers of at least 0"),
        ({"weight": float("inf")}, "weight: expected numbers of at least 0"),
        ({"weight": 0.0}, "one of them above"),
        ({"name": "ranker"}, "each model once"),
    ],
)
def test_a_recipe_whose_numbers_make_no_order_is_refused(changes, says, tmp_path):
    two_stage(tmp_path / "models", candidates=7)
    folders = {name: tmp_path / "models" / name for name in ("tower", "ranker")}
    source = {"name": "tower", "candidates": 7, "weight": 1.0} | changes
    ranker = {"name": "ranker", "weight": 0.0}
    with pytest.raises(UserError, match=says):
        TwoStage.of_recipe({"sources": [source], "rankers": [ranker]}, folders, tmp_path / "two_stage.json")


def test_a_released_ranker_that_counts_nothing_is_not_asked(tmp_path):
    whole = two_stage(tmp_path / "models", candidates=7)
    ranker = Ranker("ranker", sequence_model(tmp_path / "models/ranker", 3))
    made = replace(
        whole, sources=whole.sources[:1], rankers=(ranker,), weights=np.array([1.0, 0.0], np.float32)
    )
    write_json(tmp_path / "two_stage.json", made.recipe())
    opened = TwoStage.of_release(tmp_path)
    assert [*opened.models] == ["tower"]
    assert opened.weights.tolist() == [1.0]
    history = watched(1, 2, 3)
    asked, unasked = made.recommend(history, 5, history.items), opened.recommend(history, 5, history.items)
    np.testing.assert_array_equal(unasked.items, asked.items)
    np.testing.assert_array_equal(unasked.scores, asked.scores)


def test_a_released_ranker_that_counts_nothing_is_asked_for_stars(tmp_path):
    whole = two_stage(tmp_path / "models", candidates=7)
    made = replace(whole, sources=whole.sources[:1], weights=np.array([1.0, 0.0], np.float32))
    write_json(tmp_path / "two_stage.json", made.recipe())
    opened = TwoStage.of_release(tmp_path)
    assert [*opened.models] == ["tower", "ranker"]
    assert opened.weights.tolist() == [1.0, 0.0]


def test_stars_are_those_of_the_model_that_predicts_any(system):
    history, items = watched(4, 9, 17, stars=[1, 4, 5]), np.array([0, 5, 29])
    ranker = system.rankers[0].model
    expected = ranker.stars(ranker.read([history])[0], items)
    ranking = system.recommend(history, 5, history.items)
    np.testing.assert_array_equal(system.stars(ranking, items), expected)
    np.testing.assert_array_equal(system.stars_of(history, items), expected)
    without = replace(system, rankers=(), weights=system.weights[:2])
    assert without.stars(without.recommend(history, 5, history.items), items) is None
    assert without.stars_of(history, items) is None


def test_sources_that_are_not_told_of_ratings_offer_the_same_whether_a_film_was_disliked_or_not_seen(system):
    sources = replace(system, rankers=(), weights=system.weights[:2])
    liked, mixed = watched(4, 9), watched(4, 17, 9, stars=[5, 2, 3.5])
    found = sources.recommend(liked, 8, mixed.items), sources.recommend(mixed, 8, mixed.items)
    np.testing.assert_array_equal(found[0].items, found[1].items)
    np.testing.assert_array_equal(found[0].scores, found[1].scores)
    np.testing.assert_array_equal(sources.affinity(mixed), sources.affinity(liked))


def test_models_of_different_vocabularies_are_refused(tmp_path):
    sequence_model(tmp_path / "tower", 1)
    weights.save(
        tmp_path / "other",
        {"films": np.zeros((ITEMS + 1, 2), np.int32), "strength": np.zeros((ITEMS + 1, 2), np.float32)},
        {"kind": artifacts.FOLLOWERS, "decay": 0.5, "window": 3},
    )
    folders = {name: tmp_path / name for name in ("tower", "other")}
    sources = [{"name": name, "candidates": 5, "weight": 1.0} for name in folders]
    with pytest.raises(UserError, match="different numbers of films"):
        TwoStage.of_recipe({"sources": sources, "rankers": []}, folders, tmp_path / "two_stage.json")


def test_a_recipe_names_every_model_in_order(system):
    recipe = system.weighted(np.array([1.23456789, 0.5, 0.7])).recipe()
    assert [(one["name"], one["weight"]) for one in recipe["sources"]] == [
        ("tower", 1.234568),
        ("ridge", 0.5),
    ]
    assert recipe["rankers"] == [{"name": "ranker", "weight": 0.7}]


def test_a_point_of_a_models_score_is_worth_its_weight_over_the_deviation(system):
    history = watched(1, 2, 3)
    (found,) = system.candidates([history], [history.items])
    assert len(set(found.deviations.tolist())) == len(system.models)
    np.testing.assert_allclose(
        system.recommend(history, 5, history.items).scales, system.weights / found.deviations, rtol=1e-6
    )


def test_likeness_is_the_first_models_that_knows_any(system):
    ridge_first = replace(system, sources=system.sources[::-1])
    tower = system.models["tower"].likeness(4)
    assert tower.any()
    for asked in (system, ridge_first):
        np.testing.assert_array_equal(asked.likeness(4), tower)


def test_affinity_is_standardised_and_favours_what_the_sources_like(system):
    history = watched(4, 9)
    affinity = system.affinity(history)
    assert (affinity.mean(), affinity.std()) == (pytest.approx(0, abs=1e-5), pytest.approx(1, abs=1e-4))
    scores = np.concatenate([source.model.scores(source.model.read([history])) for source in system.sources])
    z = (scores - scores.mean(1, keepdims=True)) / scores.std(1, keepdims=True)
    whole = np.array([1.0, 0.5]) @ z
    np.testing.assert_allclose(affinity, (whole - whole.mean()) / whole.std(), atol=1e-4)
