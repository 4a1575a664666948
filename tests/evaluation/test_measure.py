import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from small_split import split_ratings

from movie_genie.data.cases import Cases, held_out
from movie_genie.data.schemas import TEST
from movie_genie.errors import UserError
from movie_genie.evaluation.measure import best, by_user, gains, measure, rank_metrics
from movie_genie.metrics import ndcg_at_k, recall_at_k, reciprocal_rank


class Constant:
    """Gives everybody the same scores."""

    def __init__(self, scores: list[float]) -> None:
        self.row = np.array(scores, np.float32)

    def scores(self, cases: Cases) -> np.ndarray:
        return np.tile(self.row, (len(cases), 1))


CASES = held_out(split_ratings([[0, 1, 2], [3, 1, 0], [2, 3, 4]]), "leave_one_out", TEST, 1)


def test_seen_films_are_never_recommended_and_do_not_compete():
    answers = measure("toy", Constant([9, 8, 7, 6, 5]), CASES)
    assert answers.ranks.tolist() == [0, 0, 2]  # targets 2, 0 and 4 behind unseen 0 and 1
    assert answers.lists.tolist() == [[2, 3, 4, -1, -1], [0, 2, 4, -1, -1], [0, 1, 4, -1, -1]]


def test_a_newcomers_earlier_films_are_not_recommended_either():
    cut = CASES.cut(1)
    assert measure("toy", Constant([9, 8, 7, 6, 5]), cut).ranks.tolist() == [0, 0, 2]


def test_a_film_that_is_no_candidate_has_no_rank():
    answers = measure("toy", Constant([9, -np.inf, -np.inf, 6, -np.inf]), CASES)
    assert answers.ranks.tolist() == [np.inf, 0, np.inf]
    assert answers.lists[0].tolist() == [3, -1, -1, -1, -1]


def test_a_system_that_gives_nan_is_named():
    with pytest.raises(UserError, match=r"^broken: scores hold NaN"):
        measure("broken", Constant([np.nan, 1, 2, 3, 4]), CASES)


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.integers(1, 15)),
        elements=st.sampled_from([0.0, 1.0, 2.5, -1.0, -np.inf]),
    ),
    st.integers(1, 12),
)
def test_best_agrees_with_a_full_sort(scores, length):
    lists = best(scores, length)
    assert lists.shape == (len(scores), min(length, scores.shape[1]))
    for row, chosen in zip(scores, lists, strict=True):
        expected = np.argsort(-row, kind="stable")[: lists.shape[1]]
        present = chosen[chosen >= 0]
        assert len(set(present)) == len(present)
        np.testing.assert_array_equal(row[present], row[expected][np.isfinite(row[expected])])


def test_users_count_the_same_however_many_cases_they_have():
    users = np.array([0, 0, 0, 4])
    np.testing.assert_allclose(by_user(users, np.array([1.0, 1.0, 0.0, 0.0])), [2 / 3, 0])


@given(hnp.arrays(np.float64, st.integers(1, 20), elements=st.sampled_from([0, 0.5, 3, 9, 10, 99, np.inf])))
def test_with_one_case_a_user_the_metrics_are_the_shared_ones(ranks):
    cases = held_out(split_ratings([[1, 2, 3]] * len(ranks)), "leave_one_out", TEST, 1)
    found = rank_metrics(cases, ranks, ["recall_at_10", "recall_at_50", "ndcg_at_10", "mrr"])
    assert found == pytest.approx(
        {
            "recall_at_10": recall_at_k(ranks, 10),
            "recall_at_50": recall_at_k(ranks, 50),
            "ndcg_at_10": ndcg_at_k(ranks, 10),
            "mrr": reciprocal_rank(ranks),
        }
    )


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="no metric of ranks"):
        gains("novelty_at_10", np.zeros(1))
