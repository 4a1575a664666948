import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_split import split_ratings

from movie_genie.data.cases import Cases, held_out, training_events
from movie_genie.data.schemas import TEST
from movie_genie.evaluation.baselines import Ease, Popularity, RecentPopularity

ITEMS = 9


def world(seed: int, users: int) -> tuple:
    """Training events and test cases of random users."""
    random = np.random.default_rng(seed)
    sequences = [random.permutation(ITEMS)[: random.integers(3, ITEMS)].tolist() for _ in range(users)]
    ratings = split_ratings(sequences)
    return training_events(ratings, "leave_one_out"), held_out(ratings, "leave_one_out", TEST, 1)


def test_popularity_counts_raters_in_training():
    training = training_events(split_ratings([[0, 1, 2, 3], [1, 0, 4, 5], [1, 2, 3]]), "leave_one_out")
    _, cases = world(0, 4)
    scores = Popularity(training, 6).scores(cases)
    assert scores.shape == (len(cases), 6)
    assert scores[0].tolist() == [2, 3, 0, 0, 0, 0]


def asked_at(*seconds: int) -> Cases:
    none = np.zeros(len(seconds), np.int64)
    return Cases(none, none, np.array(seconds), none, none, none, none)


def test_recent_popularity_counts_the_days_before_the_question_only():
    day = 86_400
    ratings = split_ratings(
        [[0, 1], [2, 0], [3, 4]], [[day, 5 * day], [6 * day, 7 * day], [8 * day, 9 * day]]
    )
    scores = RecentPopularity(ratings, 5, days=2).scores(asked_at(9 * day, 7 * day, 100 * day, 9 * day))
    assert scores.tolist() == [
        [1, 0, 0, 1, 0],  # days 7 and 8: day 9 itself is not known yet
        [0, 1, 1, 0, 0],  # days 5 and 6
        [0, 0, 0, 0, 0],  # nobody rated in these days
        [1, 0, 0, 1, 0],
    ]


@given(st.lists(st.integers(0, 20), min_size=1), st.lists(st.integers(0, 20), min_size=1))
def test_recent_popularity_of_a_batch_is_that_of_each_question(rated, asked):
    day = 86_400
    ratings = split_ratings([[time % 4 for time in rated]], [[time * day for time in rated]])
    scores = RecentPopularity(ratings, 4, days=3).scores(asked_at(*(time * day for time in asked)))
    for time, row in zip(asked, scores, strict=True):
        within = [when % 4 for when in rated if time - 3 <= when < time]
        assert row.tolist() == np.bincount(within, minlength=4).tolist()


def test_recent_popularity_knows_held_out_ratings_that_came_before_the_question():
    day = 86_400
    ratings = split_ratings([[0, 1, 2], [3, 4, 5]], [[0, day, 2 * day], [0, 2 * day, 3 * day]])
    cases = held_out(ratings, "leave_one_out", TEST)
    scores = RecentPopularity(ratings, 6, days=2).scores(cases)
    assert scores.tolist() == [[1, 1, 0, 1, 0, 0], [0, 1, 1, 0, 1, 0]]


@pytest.mark.parametrize("users", [4, 40])  # fewer and more users than films: both ways to the inverse
def test_ease_is_the_closed_form_of_steck(users):
    training, cases = world(1, users)
    rated = np.zeros((training.user_idx.max() + 1, ITEMS))
    rated[training.user_idx, training.item_idx] = 1
    inverse = np.linalg.inv(rated.T @ rated + 3.0 * np.eye(ITEMS))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    system = Ease(training, ITEMS, most_items=ITEMS, regularisation=3.0)
    scores = system.scores(cases)
    unknown = np.isneginf(scores[0])
    assert set(np.flatnonzero(unknown)) == set(range(ITEMS)) - set(training.item_idx)
    for case in range(len(cases)):
        history = np.zeros(ITEMS)
        history[cases.history(case)] = 1
        others = ~unknown & (history == 0)
        np.testing.assert_allclose(scores[case, others], (history @ weights)[others], atol=1e-5)


def test_ease_knows_the_most_rated_films_and_recommends_no_other():
    training, cases = world(3, 30)
    most_rated = np.argsort(-np.bincount(training.item_idx, minlength=ITEMS), kind="stable")[:5]
    scores = Ease(training, ITEMS, 5, 3.0).scores(cases)
    assert set(np.flatnonzero(np.isfinite(scores).any(axis=0))) == set(most_rated)


def test_an_empty_history_is_answered():
    training, cases = world(4, 30)
    assert not np.isnan(Ease(training, ITEMS, ITEMS, 3.0).scores(cases.cut(0))).any()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000), st.randoms(use_true_random=False))
def test_renumbering_the_films_only_renumbers_the_scores(seed, random):
    training, cases = world(seed, 20)
    new = np.array(random.sample(range(ITEMS), ITEMS))
    renamed = training.assign(item_idx=new[training.item_idx])
    moved = Cases(
        cases.users, new[cases.targets], cases.timestamps, new[cases.events],
        cases.starts, cases.ends, cases.seen_from,
    )  # fmt: skip
    for make in (
        lambda events: Popularity(events, ITEMS),
        lambda events: RecentPopularity(events, ITEMS, 1),
        lambda events: Ease(events, ITEMS, ITEMS, 3.0),
    ):
        before, after = make(training).scores(cases), make(renamed).scores(moved)
        np.testing.assert_allclose(after[:, new], before, atol=1e-4)
