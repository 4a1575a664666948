from dataclasses import replace

import numpy as np
from histories import watched
from hypothesis import given, settings
from hypothesis import strategies as st
from small_split import split_ratings

from movie_genie.data.cases import Cases, held_out, training_events
from movie_genie.data.schemas import TEST
from movie_genie.evaluation.baselines import Popularity, RecentPopularity

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
    return Cases(none, none, np.array(seconds), none, watched(), none, none, none)


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


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000), st.randoms(use_true_random=False))
def test_renumbering_the_films_only_renumbers_the_scores(seed, random):
    training, cases = world(seed, 20)
    new = np.array(random.sample(range(ITEMS), ITEMS))
    renamed = training.assign(item_idx=new[training.item_idx])
    events = replace(cases.events, items=new[cases.events.items])
    moved = replace(cases, targets=new[cases.targets], events=events)
    for make in (
        lambda events: Popularity(events, ITEMS),
        lambda events: RecentPopularity(events, ITEMS, 1),
    ):
        before, after = make(training).scores(cases), make(renamed).scores(moved)
        np.testing.assert_allclose(after[:, new], before, atol=1e-4)
