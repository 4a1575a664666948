import itertools

import numpy as np
import pytest
from small_split import split_ratings
from toy_models import ToyTwoStage

from movie_genie.data.schemas import TEST
from movie_genie.evaluation.measure import measure, rank_metrics
from movie_genie.evaluation.models import Alone, Together, latency, ndcg_by_weight
from movie_genie.evaluation.protocols import held_out

CASES = held_out(split_ratings([[0, 1, 3], [2, 0, 9], [4, 3, 1]]), "leave_one_out", TEST, 1)


class Latest:
    """Likes what is numbered like the latest film."""

    def scores(self, history: np.ndarray) -> np.ndarray:
        return -np.abs(np.arange(10, dtype=np.float32) - history[-1])


def test_a_model_is_asked_one_history_at_a_time():
    scores = Alone(Latest()).scores(CASES)
    assert scores.argmax(axis=1).tolist() == [1, 0, 3]


def test_films_that_retrieval_drops_are_never_recommended():
    answers = measure("both", Together(ToyTwoStage(10, candidates=4)), CASES)
    # Candidates are the four lowest unseen films, the highest of them first.
    assert answers.lists[:, :4].tolist() == [[5, 4, 3, 2], [5, 4, 3, 1], [5, 2, 1, 0]]
    assert (answers.lists[:, 4:] == -1).all()
    assert answers.ranks.tolist() == [2, np.inf, 2]


@pytest.mark.parametrize("candidates", [4, 7])
def test_the_weight_is_chosen_by_what_the_fused_system_reaches(candidates):
    weights = [0.0, 0.5, 1.0, 2.0]  # at 1 all candidates are equal: the middle rank counts
    found = ndcg_by_weight(ToyTwoStage(10, candidates), CASES, weights)
    expected = []
    for weight in weights:
        ranks = measure("both", Together(ToyTwoStage(10, candidates, weight)), CASES).ranks
        expected.append(rank_metrics(CASES, ranks, ["ndcg_at_10"])["ndcg_at_10"])
    assert found == pytest.approx(expected)
    assert len(set(found)) > 1


def test_latency_is_that_of_whole_calls_in_milliseconds():
    ticks = itertools.accumulate(itertools.chain([0.0], itertools.cycle([0.002, 0.5])))  # 2 ms inside a call
    median, slow = latency(ToyTwoStage(10, 4), CASES, 100, lambda: next(ticks))
    assert (median, slow) == pytest.approx((2.0, 2.0))
