import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_genie.ranking.inference import Bert4Rec
from movie_genie.ranking.two_stage import TwoStage, best
from movie_genie.retrieval.inference import TwoTower
from movie_genie.retrieval.neighbours import Neighbours

ITEMS, DIM = 30, 8


def random_two_stage(candidates: int = 10, fusion_weight: float = 0.2) -> TwoStage:
    rng = np.random.default_rng(5)

    def tensor(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32) * 0.5

    tower = {"norm.weight": tensor(2 * DIM), "norm.bias": tensor(2 * DIM), "hidden.weight": tensor(12, 2 * DIM),
             "hidden.bias": tensor(12), "out.weight": tensor(DIM, 12), "out.bias": tensor(DIM)}  # fmt: skip
    names = {"attention_norm": (DIM,), "feed_forward_norm": (DIM,), "qkv": (3 * DIM, DIM), "mix": (DIM, DIM),
             "up": (4 * DIM, DIM), "down": (DIM, 4 * DIM)}  # fmt: skip
    block = {f"blocks.0.{name}.weight": tensor(*shape) for name, shape in names.items()}
    block |= {f"blocks.0.{name}.bias": tensor(shape[0]) for name, shape in names.items()}
    block |= {
        "mask": tensor(DIM),
        "age.weight": tensor(21, DIM),
        "norm.weight": tensor(DIM),
        "norm.bias": tensor(DIM),
    }
    decays = np.array([0.5, 0.9], np.float32)
    neighbours = Neighbours(rng.integers(0, ITEMS, (ITEMS, 4)).astype(np.int32), tensor(ITEMS, 4))
    return TwoStage(
        TwoTower(tensor(ITEMS, DIM), tensor(ITEMS), decays, 20, tower, neighbours, 0.8, 10),
        Bert4Rec(tensor(ITEMS, DIM), tensor(ITEMS), block, 1, 2, 20, causal=True),
        fusion_weight,
        candidates,
    )


HISTORY = st.lists(st.integers(0, ITEMS - 1), max_size=25, unique=True).map(
    lambda items: np.array(items, np.int64)
)


@given(history=HISTORY, k=st.integers(1, 40))
def test_recommendations_are_new_films_best_first(history, k):
    system = random_two_stage()
    ranking = system.recommend(history, k, exclude=history)
    assert len(ranking.items) == min(k, 10, ITEMS - len(history))
    assert not np.isin(ranking.items, history).any()
    assert len(set(ranking.items.tolist())) == len(ranking.items)
    assert (np.diff(ranking.scores) <= 0).all()


@given(history=HISTORY)
def test_all_scores_agree_with_the_recommendations(history):
    system = random_two_stage()
    scores = system.scores(history)
    ranking = system.recommend(history, ITEMS, exclude=history)
    np.testing.assert_array_equal(scores[ranking.items], ranking.scores)
    assert np.isinf(scores).sum() == ITEMS - len(ranking.items)


def test_candidates_are_the_best_of_retrieval():
    system, history = random_two_stage(candidates=4), np.array([1, 2, 3])
    parts = system.parts(history)
    best = np.argsort(-system.two_tower.scores(history))[:4]
    assert sorted(parts.candidates.tolist()) == sorted(best.tolist())
    np.testing.assert_allclose(parts.ranking, system.bert4rec.scores(history)[parts.candidates], atol=1e-5)
    assert parts.retrieval.mean() == pytest.approx(0, abs=1e-5)


def test_excluded_films_take_no_candidates_place():
    system, history = random_two_stage(candidates=4), np.array([1, 2, 3])
    best = np.argsort(-system.two_tower.scores(history))
    candidates = system.parts(history, exclude=best[:3]).candidates
    assert sorted(candidates.tolist()) == sorted(best[3:7].tolist())


def test_with_every_film_excluded_nothing_is_recommended():
    assert len(random_two_stage().recommend(np.array([1]), 5, exclude=np.arange(ITEMS)).items) == 0


@given(st.lists(st.sampled_from([-np.inf, 0.0, 1.0, 2.5, 2.5]), max_size=40), st.integers(1, 50))
def test_the_best_are_those_that_a_full_sort_finds(scores, count):
    scores = np.array(scores, np.float32)
    order = np.argsort(-scores, kind="stable")[:count]
    assert best(scores, count).tolist() == sorted(order[scores[order] > -np.inf].tolist())


@given(history=HISTORY, count=st.integers(1, 4))
def test_reasons_are_the_largest_shares_of_the_history(history, count):
    system, items = random_two_stage(), np.array([0, 5, 29])
    reading = system.two_tower.read(history)[1]
    places, shares = system.reasons(reading, items, count)
    positive = np.maximum(system.two_tower.carried(reading, items), 0)
    expected = -np.sort(-positive / np.maximum(positive.sum(1, keepdims=True), 1e-9))[:, :count]
    np.testing.assert_allclose(shares, expected, atol=1e-6)
    earlier = len(history) - positive.shape[1]
    assert ((places >= earlier) & (places < max(len(history), 1))).all()
    for row in range(len(items)):
        assert len(set(places[row].tolist())) == shares.shape[1]
        np.testing.assert_allclose(
            positive[row, places[row] - earlier] / max(positive[row].sum(), 1e-9), shares[row], atol=1e-6
        )


def test_a_film_that_the_recommended_one_follows_is_its_strongest_reason():
    system, history = random_two_stage(), np.array([4, 9, 17])
    films, strength = system.two_tower.neighbours
    films[history], strength[history] = 0, 0
    for film, follower in zip(history, (20, 21, 22), strict=True):
        films[film, 0], strength[film, 0] = follower, 50.0
    places, shares = system.reasons(system.two_tower.read(history)[1], np.array([20, 21, 22]), 3)
    assert places[:, 0].tolist() == [0, 1, 2]
    assert (shares[:, 0] > 0.8).all()
