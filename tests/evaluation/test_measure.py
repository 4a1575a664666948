import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from small_split import split_ratings

from movie_genie.data.cases import Cases, held_out
from movie_genie.data.schemas import TEST
from movie_genie.errors import UserError
from movie_genie.evaluation import measure as measure_module
from movie_genie.evaluation.measure import best, by_user, gains, measure, rank_metrics
from movie_genie.metrics import ndcg_at_k, recall_at_k


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
    with pytest.raises(
        UserError, match=r"^broken: scores hold NaN; train it again, with a lower learning_rate$"
    ):
        measure("broken", Constant([np.nan, 1, 2, 3, 4]), CASES)


class LikesTheFilmAfterTheLatest:
    """Knows from the history alone what comes next, and keeps how many cases it was asked at once."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def scores(self, cases: Cases) -> np.ndarray:
        self.asked.append(len(cases))
        scores = np.zeros((len(cases), 700), np.float32)
        for case in range(len(cases)):
            scores[case, cases.history(case).items[-1] + 1] = 1
        return scores


def test_many_cases_are_asked_in_parts_and_answered_in_their_order():
    cases = held_out(split_ratings([[0, user, user + 1] for user in range(1, 601)]), "leave_one_out", TEST, 1)
    wrong = np.array([3, 299, 599])
    cases.targets[wrong] = 650
    system = LikesTheFilmAfterTheLatest()
    answers = measure("toy", system, cases)
    assert system.asked == [256, 256, 88]
    assert np.flatnonzero(answers.ranks > 0).tolist() == wrong.tolist()
    assert answers.lists[:, 0].tolist() == list(range(2, 602))


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


@pytest.mark.parametrize("length", [10, 300])
def test_the_best_of_many_are_those_of_a_full_sort(length):
    scores = np.random.default_rng(0).normal(size=(20, 20_000)).astype(np.float32)
    np.testing.assert_array_equal(best(scores, length), np.argsort(-scores, axis=1)[:, :length])


def test_equal_scores_stand_in_the_order_of_their_numbers_however_long_the_list():
    scores = np.random.default_rng(0).integers(0, 3, (4, 200)).astype(np.float32)
    np.testing.assert_array_equal(best(scores, 200), np.argsort(-scores, axis=1, kind="stable"))


def test_each_example_in_the_docstrings_holds():
    done = doctest.testmod(measure_module)
    assert done.attempted > 0
    assert done.failed == 0


def test_users_count_the_same_however_many_cases_they_have():
    users = np.array([0, 0, 0, 4])
    np.testing.assert_allclose(by_user(users, np.array([1.0, 1.0, 0.0, 0.0])), [2 / 3, 0])
    np.testing.assert_allclose(by_user(np.array([7, 2, 7]), np.array([0.5, 0.25, 1.0])), [0.25, 0.75])


@given(hnp.arrays(np.float64, st.integers(1, 20), elements=st.sampled_from([0, 0.5, 3, 9, 10, 99, np.inf])))
def test_with_one_case_a_user_the_metrics_are_the_shared_ones(ranks):
    cases = held_out(split_ratings([[1, 2, 3]] * len(ranks)), "leave_one_out", TEST, 1)
    found = rank_metrics(cases, ranks, ["recall_at_10", "recall_at_50", "ndcg_at_10", "mrr"])
    assert found == pytest.approx(
        {
            "recall_at_10": recall_at_k(ranks, 10),
            "recall_at_50": recall_at_k(ranks, 50),
            "ndcg_at_10": ndcg_at_k(ranks, 10),
            "mrr": float(np.mean(1 / (ranks + 1))),
        }
    )


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match=r"^novelty_at_10 is no metric of ranks$"):
        gains("novelty_at_10", np.zeros(1))
