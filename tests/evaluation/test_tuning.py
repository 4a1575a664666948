import itertools

import numpy as np
import pytest
from small_split import split_ratings

from movie_genie.data.cases import held_out
from movie_genie.data.schemas import TEST
from movie_genie.evaluation import tuning
from movie_genie.evaluation.evaluate import latency
from movie_genie.evaluation.measure import by_user, gains, measure
from movie_genie.evaluation.systems import Alone, Integrated
from movie_genie.evaluation.tuning import METRIC, ask, tune, validate
from movie_genie.history import History
from movie_genie.inference.two_stage import Candidates, Ranker, Source, TwoStage

CASES = held_out(split_ratings([[0, 1, 3], [2, 0, 9], [4, 3, 1]]), "leave_one_out", TEST)
ITEMS = 10


class Liking:
    """Scores films by their number, whatever the history."""

    def __init__(self, direction: float) -> None:
        self.direction = direction

    def __len__(self) -> int:
        return ITEMS

    def read(self, histories: list[History]) -> np.ndarray:
        return np.tile(self.direction * np.arange(ITEMS, dtype=np.float32), (len(histories), 1))

    def scores(self, read: np.ndarray) -> np.ndarray:
        return read

    def scores_of(self, read: np.ndarray, items: np.ndarray) -> np.ndarray:
        return read[items]

    def contributions(self, liked: np.ndarray, items: np.ndarray) -> None:
        return None


class Latest(Liking):
    """Likes what is numbered like the latest film."""

    def read(self, histories: list[History]) -> np.ndarray:
        films = np.arange(ITEMS, dtype=np.float32)
        return np.stack([-np.abs(films - history.items[-1]) for history in histories])


def system(candidates: int, *weights: float) -> TwoStage:
    """The source likes low numbers, the ranker high ones."""
    return TwoStage(
        (Source("low", Liking(-1), candidates),), (Ranker("high", Liking(1)),), np.array(weights, np.float32)
    )


def test_a_model_alone_is_asked_all_films():
    scores = Alone(Latest(1)).scores(CASES)
    assert scores.argmax(axis=1).tolist() == [1, 0, 3]


def test_films_that_no_source_offers_are_never_recommended():
    answers = measure("all", Integrated(system(4, 0.0, 1.0)), CASES)
    # Candidates are the four lowest unseen films, the highest of them first.
    assert answers.lists[:, :4].tolist() == [[5, 4, 3, 2], [5, 4, 3, 1], [5, 2, 1, 0]]
    assert (answers.lists[:, 4:] == -1).all()
    assert answers.ranks.tolist() == [2, np.inf, 2]


def candidates_of(two_stage: TwoStage) -> list[Candidates]:
    return two_stage.candidates(CASES.histories(), CASES.all_seen())


@pytest.mark.parametrize("candidates", [4, 7])
@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.3, 1.0)])
def test_validation_says_what_the_measured_system_reaches(candidates, weights):
    two_stage = system(candidates, *weights)
    found = validate(candidates_of(two_stage), CASES, np.array(weights))
    # Where both weigh the same all candidates are equal, and the middle rank counts.
    ranks = measure("all", Integrated(two_stage), CASES).ranks
    assert found == pytest.approx(by_user(CASES.users, gains(METRIC, ranks)).mean(), abs=1e-6)


@pytest.mark.parametrize("at_once", [1, 2, 256])
def test_every_case_is_asked_in_its_turn_and_without_what_was_seen(at_once, monkeypatch):
    monkeypatch.setattr(tuning, "CASES_AT_ONCE", at_once)
    found = ask(system(4, 1.0, 1.0), CASES)
    assert len(found) == len(CASES)
    for one, other in zip(found, candidates_of(system(4, 1.0, 1.0)), strict=True):
        assert one.items.tolist() == other.items.tolist()
        np.testing.assert_array_equal(one.scores, other.scores)


def made_candidates(targets: list[int], scores: list[list[list[float]]]) -> list[Candidates]:
    return [
        Candidates(
            np.arange(len(rows[0])),
            np.array(rows, np.float32),
            deviations=np.ones(len(rows), np.float32),
            emphasis=np.zeros(len(rows), np.float32),
            read=None,
        )
        for rows in scores
    ]


def test_a_model_that_misleads_is_left_out_and_one_that_helps_counts_more():
    cases = CASES.take(slice(0, 3))
    target = 2
    cases.targets[:] = target
    right = [0.0, 0.1, 1.0, 0.2]
    wrong = [3.0, 2.0, -1.0, 2.5]
    found = made_candidates([target] * 3, [[right, wrong]] * 3)
    trials = tune(found, cases, 2)
    assert trials[0].weights == (1.0, 1.0)
    assert trials[-1].value == 1.0 > trials[0].value
    best = trials[-1].weights
    assert best[1] == 0 or best[0] / best[1] > 3
    assert [trial.value for trial in trials] == sorted(trial.value for trial in trials)


def test_weights_that_cannot_be_bettered_stay_equal_and_are_not_tried_again(monkeypatch):
    tried = []

    def counted(found, cases, weights):
        tried.append(tuple(weights))
        return validate(found, cases, weights)

    monkeypatch.setattr(tuning, "validate", counted)
    cases = CASES.take(slice(0, 1))
    cases.targets[:] = 1
    found = made_candidates([1], [[[0.0, 1.0], [0.0, 1.0]]])
    assert [trial.weights for trial in tune(found, cases, 2)] == [(1.0, 1.0)]
    assert len(tried) == 1 + 2 * len(tuning.FACTORS)


def test_no_model_is_left_out_when_it_is_the_last(monkeypatch):
    monkeypatch.setattr(tuning, "validate", lambda found, cases, weights: float(-weights.sum()))
    assert all(np.any(trial.weights) for trial in tune([], CASES, 1))


def test_a_weight_may_grow_further_than_any_list_of_weights():
    """Only at more than ten times the other's weight is the right model heard."""
    cases = CASES.take(slice(0, 1))
    cases.targets[:] = 0
    rows = [[1.0] + [0.0] * 12, [0.0] + [float(12 - place) for place in range(12)]]
    trials = tune(made_candidates([0], [rows]), cases, 2)
    assert trials[-1].value == 1.0


def test_latency_is_that_of_whole_calls_in_milliseconds():
    ticks = itertools.accumulate(itertools.chain([0.0], itertools.cycle([0.002, 0.5])))  # 2 ms inside a call
    median, slow = latency(system(4, 1.0, 1.0), CASES, 100, lambda: next(ticks))
    assert (median, slow) == pytest.approx((2.0, 2.0))
