import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_split import split_ratings

from movie_genie.data.cases import Cases, held_out, training_events
from movie_genie.data.schemas import PROTOCOLS, TEST, VALIDATION


def as_lists(cases: Cases) -> list[tuple[int, list[int], int]]:
    """(user, history, target) of each case."""
    return [
        (int(cases.users[case]), cases.history(case).items.tolist(), int(cases.targets[case]))
        for case in range(len(cases))
    ]


def test_leave_one_out_asks_for_each_users_last_film_from_all_before_it():
    ratings = split_ratings([[5, 3, 1, 7], [2, 4], [6, 0, 2]])
    assert as_lists(held_out(ratings, "leave_one_out", TEST, 20)) == [(0, [5, 3, 1], 7), (2, [6, 0], 2)]
    assert as_lists(held_out(ratings, "leave_one_out", VALIDATION, 20)) == [(0, [5, 3], 1), (2, [6], 0)]


def test_temporal_histories_hold_what_came_before_within_the_window_too():
    ratings = split_ratings(
        [[0, 1, 2, 3], [4, 5], [6], [7, 8]], [[1, 10, 20, 21], [20, 22], [25], [2, 3]], 10, 20
    )
    expected = [(0, [0, 1], 2), (0, [0, 1, 2], 3), (1, [4], 5)]
    assert as_lists(held_out(ratings, "temporal", TEST, 20)) == expected
    assert as_lists(held_out(ratings, "temporal", VALIDATION, 20)) == [(0, [0], 1)]


def test_of_many_test_ratings_the_asked_ones_are_spread_and_the_last_is_among_them():
    ratings = split_ratings([list(range(11))], [list(range(11))], 0, 0)
    assert held_out(ratings, "temporal", TEST, 2).targets.tolist() == [5, 10]
    assert held_out(ratings, "temporal", TEST, 1).targets.tolist() == [10]
    assert held_out(ratings, "temporal", TEST, 10).targets.tolist() == list(range(1, 11))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(1, 12))
def test_every_users_asked_ratings_are_spread_as_evenly_as_can_be(numbers, most):
    ratings = split_ratings([list(range(number + 1)) for number in numbers], None, 0, 1)
    cases = held_out(ratings, "temporal", TEST, most)
    for user, number in enumerate(numbers):
        asked = cases.targets[cases.users == user]
        assert len(asked) == min(number, most)
        assert asked[-1] == number
        assert np.ptp(np.diff(asked, prepend=0)) <= 1


def test_numbers_of_users_and_films_are_those_that_index_arrays():
    ratings = split_ratings([[5, 3, 1]]).astype(
        {"user_idx": np.int32, "item_idx": np.int32}
    )  # as in the file
    cases = held_out(ratings, "leave_one_out", TEST, 1)
    assert {cases.users.dtype, cases.targets.dtype, cases.timestamps.dtype} == {np.dtype(np.int64)}
    assert {cases.events.items.dtype, cases.events.times.dtype} == {np.dtype(np.int64)}
    assert {cases.events.stars.dtype, cases.stars.dtype} == {np.dtype(np.float32)}
    assert cases.timestamps.tolist() == [2]


def test_a_history_knows_the_stars_and_times_and_is_asked_when_the_target_is_rated():
    ratings = split_ratings([[5, 3, 1, 7], [6, 0, 2]], [[10, 20, 25, 90], [1, 2, 40]])
    ratings["rating"] = np.array([1, 2, 3, 4, 0.5, 1.5, 5], np.float32)
    cases = held_out(ratings, "leave_one_out", TEST, 20)
    assert cases.stars.tolist() == [4, 5]
    first, second = cases.histories()
    assert (first.stars.tolist(), first.times.tolist(), first.asked) == ([1, 2, 3], [10, 20, 25], 90)
    assert first.ages.tolist() == [80, 70, 65]
    assert (second.stars.tolist(), second.times.tolist(), second.asked) == ([0.5, 1.5], [1, 2], 40)
    cut = cases.cut(1)
    assert cut.stars.tolist() == [4, 5]
    assert (cut.history(0).stars.tolist(), cut.history(0).asked) == ([3], 90)


def test_a_split_without_events_gives_no_cases():
    assert len(held_out(split_ratings([[1, 2]]), "leave_one_out", TEST, 20)) == 0
    assert len(held_out(split_ratings([]), "temporal", TEST, 20)) == 0


def test_cut_histories_keep_the_latest_films_and_exclude_the_earlier_ones_all_the_same():
    cases = held_out(split_ratings([[5, 3, 1, 7], [6, 0, 2]]), "leave_one_out", TEST, 20).cut(2)
    assert as_lists(cases) == [(0, [3, 1], 7), (1, [6, 0], 2)]
    assert cases.seen(0).tolist() == [5, 3, 1]
    assert cases.lengths.tolist() == [2, 2]


def test_a_sample_is_the_same_each_time_and_keeps_the_order():
    cases = held_out(split_ratings([[1, 2, user + 3] for user in range(50)]), "leave_one_out", TEST, 20)
    sample = cases.sample(10, seed=3)
    assert len(sample) == 10
    assert (np.diff(sample.users) > 0).all()
    np.testing.assert_array_equal(sample.users, cases.sample(10, seed=3).users)
    assert (sample.users != cases.sample(10, seed=4).users).any()
    assert len(cases.sample(50, seed=3)) == 50


@st.composite
def worlds(draw: st.DrawFn) -> pd.DataFrame:
    """Users with distinct films and rising times, around both cuts (1,000 and 2,000)."""
    users = draw(st.integers(1, 5))
    sequences, times = [], []
    for _ in range(users):
        films = draw(st.lists(st.integers(0, 30), min_size=1, max_size=12, unique=True))
        when = sorted(draw(st.lists(st.integers(0, 3_000), min_size=len(films), max_size=len(films))))
        sequences.append(films)
        times.append(when)
    return split_ratings(sequences, times)


@given(worlds(), st.sampled_from(PROTOCOLS), st.sampled_from([VALIDATION, TEST]), st.integers(1, 5))
def test_cases_hold_only_the_users_own_past(ratings, protocol, part, per_user):
    cases = held_out(ratings, protocol, part, per_user)
    for case in range(len(cases)):
        own = ratings[ratings.user_idx == cases.users[case]]
        place = own.item_idx.tolist().index(cases.targets[case])
        assert own[protocol].iloc[place] == part
        assert cases.history(case).items.tolist() == own.item_idx.tolist()[:place]
        assert place > 0
    assert pd.Series(cases.users).value_counts().le(per_user).all()


@given(worlds(), st.sampled_from(PROTOCOLS))
def test_training_never_holds_a_test_target(ratings, protocol):
    training = training_events(ratings, protocol)
    pairs = set(zip(training.user_idx, training.item_idx, strict=True))
    for part in (VALIDATION, TEST):
        cases = held_out(ratings, protocol, part, 20)
        assert pairs.isdisjoint(zip(cases.users.tolist(), cases.targets.tolist(), strict=True))


@pytest.mark.parametrize("per_user", [1, 3])
@given(ratings=worlds(), film=st.integers(31, 40), delay=st.integers(0, 500))
def test_a_later_event_never_changes_an_earlier_history(per_user, ratings, film, delay):
    last = ratings.groupby("user_idx").tail(1).iloc[0]
    later = last.copy()
    later["position"], later["item_idx"] = last["position"] + 1, film
    later["timestamp"] = 3_000 + delay
    later["temporal"] = TEST
    longer = pd.concat([ratings, later.to_frame().T]).astype(ratings.dtypes)
    longer = longer.sort_values(["user_idx", "position"], ignore_index=True)
    asked = {(u, t): h for u, h, t in as_lists(held_out(longer, "temporal", TEST, 100))}
    for user, history, target in as_lists(held_out(ratings, "temporal", TEST, per_user)):
        assert asked[user, target] == history
