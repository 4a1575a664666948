import numpy as np
import pytest
import tiny
from histories import watched
from small_split import split_ratings

from movie_genie.data.cases import Cases, held_out, training_sequences
from movie_genie.data.schemas import TEST
from movie_genie.evaluation import predicted_ratings
from movie_genie.evaluation.predicted_ratings import Biases, Neighbours, errors, served
from movie_genie.history import History
from movie_genie.inference.two_stage import TwoStage


def cases_of(*asked: tuple[History, int, float]) -> Cases:
    """A history, the film asked about and how it was rated, each."""
    histories = [history for history, _, _ in asked]
    ends = np.cumsum([len(history) for history in histories])
    events = watched(
        *np.concatenate([history.items for history in histories]),
        stars=np.concatenate([history.stars for history in histories]),
    )
    starts = np.array([0, *ends[:-1]])
    targets, stars = zip(*[(film, given) for _, film, given in asked], strict=True)
    when = np.full(len(asked), 10**9)
    return Cases(
        np.arange(len(asked)), np.array(targets), when, np.array(stars, np.float32), events, starts, ends, starts
    )  # fmt: skip


def test_errors_are_in_stars():
    found = errors(np.array([3, 4, 1], np.float32), np.array([3, 2, 2], np.float32))
    assert found == pytest.approx({"mae": 1, "rmse": (5 / 3) ** 0.5})


def test_biases_are_the_films_and_the_viewers():
    good, bad = 0, 1
    training = [watched(good, bad, 2, stars=[4.5, 1.5, 3]) for _ in range(200)]
    biases = Biases(training, 3)
    cases = cases_of((watched(2, stars=3), good, 4.5), (watched(2, stars=3), bad, 1.5))
    assert biases.predict(cases) == pytest.approx([4.5, 1.5], abs=0.1)
    generous = cases_of((watched(bad, 2, stars=[3.5, 5]), bad, 3.5))
    assert biases.predict(generous) == pytest.approx([1.5 + 4 / 7], abs=0.1)
    high = cases_of((watched(*[2] * 50, stars=5), good, 5.0))
    assert biases.predict(high).tolist() == [5]  # and no more


def test_neighbours_know_a_taste_that_biases_do_not():
    """Half of the users love the even films, half the odd ones: each film's own mean is the same."""
    films = np.arange(20)
    training = [
        watched(*films, stars=np.where(films % 2 == user % 2, 5, 1)) for user in range(40)
    ]  # fmt: skip
    asked = [(watched(2, 4, 5, 7, stars=[5, 5, 1, 1]), film, 0.0) for film in (8, 9)]
    assert np.ptp(Biases(training, 20).predict(cases_of(*asked))) < 0.1
    even, odd = Neighbours(training, 20).predict(cases_of(*asked))
    assert even > 4 and odd < 2


def test_the_served_stars_are_asked_case_by_case(tmp_path, monkeypatch):
    monkeypatch.setattr(predicted_ratings, "CASES_AT_ONCE", 2)
    tiny.write_models(tmp_path, 30, seed=1)
    folders = {name: tiny._folder(tmp_path, name, "leave_one_out") for name in ("two_tower", "bert4rec")}
    recipe = {"sources": [{"name": "two_tower", "candidates": 5, "weight": 1}], "rankers": []}
    without = TwoStage.of_recipe(recipe, folders, tmp_path)
    ranker = [{"name": "bert4rec", "weight": 1}]
    two_stage = TwoStage.of_recipe(recipe | {"rankers": ranker}, folders, tmp_path)
    cases = held_out(split_ratings([[1, user + 2, 29 - user] for user in range(5)]), "leave_one_out", TEST)
    expected = [
        two_stage.stars_of(cases.history(case), cases.targets[[case]])[0] for case in range(len(cases))
    ]
    np.testing.assert_allclose(served(two_stage, cases), expected, atol=1e-5)
    assert len(set(expected)) > 1
    assert served(without, cases) is None


def test_biases_learn_from_training_events_only():
    ratings = split_ratings([[0, 1, 2], [2, 0, 1]])
    ratings["rating"] = np.array([1, 5, 5, 1, 5, 5], np.float32)
    training = training_sequences(ratings, "leave_one_out")
    assert [(own.items.tolist(), own.stars.tolist()) for own in training] == [([0], [1]), ([2], [1])]
