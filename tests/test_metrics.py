"""Ranking metrics against hand-made values and against slow, obvious definitions."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from movie_genie import metrics
from movie_genie.metrics import ndcg_at_k, ndcg_gains, rank_of_target, recall_at_k

SCORES = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 12)),
    elements=st.sampled_from([-math.inf, -1.0, 0.0, 0.5, 0.5000001, 2.0]),
)
RANKS = hnp.arrays(
    np.float64,
    st.integers(1, 20),
    elements=st.one_of(st.integers(0, 40).map(lambda n: n / 2), st.just(math.inf)),
)


def test_the_examples_in_the_docstrings_hold() -> None:
    done = doctest.testmod(metrics)
    assert done.attempted > 0
    assert done.failed == 0


@given(scores=SCORES, data=st.data())
def test_a_rank_counts_what_is_better_and_half_of_what_is_equal(
    scores: np.ndarray, data: st.DataObject
) -> None:
    users, items = scores.shape
    targets = data.draw(hnp.arrays(np.int64, users, elements=st.integers(0, items - 1)))
    for row, target, rank in zip(scores, targets, rank_of_target(scores, targets), strict=True):
        if row[target] == -math.inf:
            assert rank == math.inf
            continue
        better = sum(other > row[target] for other in row)
        equal = sum(other == row[target] for other in row) - 1
        assert rank == better + equal / 2


@given(scores=SCORES, data=st.data())
def test_ranks_do_not_depend_on_the_order_of_items(scores: np.ndarray, data: st.DataObject) -> None:
    users, items = scores.shape
    targets = data.draw(hnp.arrays(np.int64, users, elements=st.integers(0, items - 1)))
    order = np.array(data.draw(st.permutations(range(items))))
    place = np.argsort(order)
    assert np.array_equal(rank_of_target(scores, targets), rank_of_target(scores[:, order], place[targets]))


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^scores hold NaN$"):
        rank_of_target(np.array([[math.nan, 1.0]], dtype=np.float32), np.array([1]))


@given(ranks=RANKS, k=st.integers(1, 30))
def test_metrics_lie_between_0_and_1_and_grow_with_k(ranks: np.ndarray, k: int) -> None:
    for metric in (recall_at_k, ndcg_at_k):
        assert 0 <= metric(ranks, k) <= metric(ranks, k + 1) <= 1
    assert ndcg_at_k(ranks, k) <= recall_at_k(ranks, k)


@given(ranks=RANKS, k=st.integers(1, 30))
def test_each_users_gains_average_to_the_metric(ranks: np.ndarray, k: int) -> None:
    by_hand = [1 / math.log2(rank + 2) if rank < k else 0.0 for rank in ranks]
    assert ndcg_gains(ranks, k) == pytest.approx(by_hand)
    assert ndcg_at_k(ranks, k) == pytest.approx(sum(by_hand) / len(by_hand))


def test_no_users_give_zero_rather_than_no_number() -> None:
    nobody = np.array([])
    assert (recall_at_k(nobody, 10), ndcg_at_k(nobody, 10)) == (0.0, 0.0)
