import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_genie.inference.selection import (
    SAMPLED,
    add_at_the_end,
    best,
    kth_largest,
    leading,
    standardise,
    strongest,
    top,
    union,
)

SCORES = st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 1.0, 2.5, 2.5]), max_size=40)


@given(SCORES, st.integers(1, 50), st.data())
def test_the_best_are_those_that_a_full_sort_finds(scores, count, data):
    scores = np.array(scores, np.float32)
    excluded = np.array(
        data.draw(st.lists(st.integers(0, len(scores) - 1)) if len(scores) else st.just([])), np.int64
    )
    allowed = scores.copy()
    allowed[excluded] = -np.inf
    order = np.argsort(-allowed, kind="stable")[:count]
    assert best(scores, excluded, count).tolist() == sorted(order[allowed[order] > -np.inf].tolist())
    assert scores.tolist() == allowed.tolist()


@given(*[st.sets(st.integers(0, 30)).map(lambda places: np.array(sorted(places), np.int64))] * 2)
def test_a_union_has_each_place_once_in_order(one, other):
    assert union(one, other).tolist() == sorted({*one.tolist(), *other.tolist()})


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=60), st.data())
def test_the_kth_largest_is_a_sorts_whatever_the_numbers(scores, data):
    scores = np.array([score for score in scores if score < np.inf], np.float32)
    finite = np.sort(scores[scores > -np.inf])[::-1]
    k = data.draw(st.integers(1, len(scores) + 2))
    assert kth_largest(scores, k) == (finite[k - 1] if k <= len(finite) else -np.inf)


@given(SCORES, st.integers(0, 50))
def test_the_top_is_a_stable_sorts_beginning_without_what_is_not_finite(scores, count):
    scores = np.array(scores, np.float32)
    order = np.argsort(-scores, kind="stable")[:count]
    assert top(scores, count).tolist() == order[scores[order] > -np.inf].tolist()
    places, values = leading(scores, count)
    assert places.tolist() == order.tolist()
    assert values.tolist() == scores[order].tolist()


def test_a_row_of_equals_stays_a_row_of_zeros():
    scores = np.array([[3, 3, 3], [1, 2, 3]], np.float32)
    deviations = standardise(scores)
    assert scores[0].tolist() == [0, 0, 0]
    np.testing.assert_allclose(deviations, [1, np.std([1, 2, 3])], rtol=1e-6)
    np.testing.assert_allclose(scores[1], np.array([-1, 0, 1]) / np.std([1, 2, 3]), rtol=1e-6)


@pytest.mark.parametrize(("value", "width"), [(0.1, 3), (0.7, 800), (-1e-30, 7), (1e30, 9)])
def test_equals_have_no_deviation_though_their_mean_is_rounded(value, width):
    scores = np.full((1, width), value, np.float32)
    assert standardise(scores).tolist() == [1]
    assert not scores.any()


def test_shares_are_of_what_speaks_for_a_film_alone():
    places, shares = strongest(np.array([[1, -5, 3], [-1, -1, -1]], np.float32), 2)
    assert places[0].tolist() == [2, 0]
    assert shares.tolist() == [[0.75, 0.25], [0, 0]]


@pytest.mark.parametrize("count", [1, 50, 400, 900, 2000])
@pytest.mark.parametrize("kind", ["even", "few are large", "mostly the same", "the sampled are the best"])
def test_the_best_of_many_are_a_full_sorts_whatever_a_sample_says_of_them(kind, count):
    rng = np.random.default_rng(count)
    scores = rng.normal(size=1000).astype(np.float32)
    if kind == "few are large":
        scores[rng.choice(1000, 5)] = 1e6
    elif kind == "mostly the same":
        scores[rng.permutation(1000)[:900]] = 0
    elif kind == "the sampled are the best":
        scores[::SAMPLED] += 100
    expected = np.sort(np.argsort(-scores, kind="stable")[:count])
    assert best(scores, np.empty(0, np.int64), count).tolist() == expected.tolist()


def test_parts_are_added_to_the_latest_films():
    sums = np.ones((2, 3), np.float32)
    add_at_the_end(sums, np.float32(2), np.array([[1, 2], [3, 4]], np.float32))
    assert sums.tolist() == [[1, 3, 5], [1, 7, 9]]
