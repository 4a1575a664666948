import numpy as np
import pytest
from histories import rated, watched
from hypothesis import given
from hypothesis import strategies as st

from movie_genie.history import KNOWN_BY

MIXED = watched(4, 7, 1, 9, stars=[2.5, 3, 5, 0.5], times=[10, 20, 40, 70], asked=100)


def rows(history):
    return list(zip(history.items.tolist(), history.stars.tolist(), history.times.tolist(), strict=True))


def test_liked_films_are_those_with_three_stars_or_more():
    assert rows(MIXED.liked) == [(7, 3, 20), (1, 5, 40)]
    assert MIXED.liked.asked == 100
    assert len(watched(1, 2, stars=2.5).liked) == len(watched().liked) == 0


@pytest.mark.parametrize("stars", [0.5, 1.5, 2.0, 2.5])
def test_a_film_hardly_liked_counts_once_a_taste_is_known_and_a_hated_one_never(stars):
    for known in (0, KNOWN_BY - 1, KNOWN_BY, KNOWN_BY + 1):
        liked = range(1, known + 1)
        history = watched(*liked, 0, stars=[3.0] * known + [stars])
        counts = known >= KNOWN_BY and stars >= 2
        assert history.in_favour.items.tolist() == [*liked, *([0] if counts else [])]
        assert history.liked.items.tolist() == [*liked]
        assert history.favoured.tolist() == [True] * known + [counts]


def test_the_latest_films_are_the_newest_and_never_more_than_there_are():
    assert rows(MIXED.latest(2)) == [(1, 5, 40), (9, 0.5, 70)]
    assert (MIXED.latest(2).asked, len(MIXED.latest(0))) == (100, 0)
    assert rows(MIXED.latest(4)) == rows(MIXED.latest(9)) == rows(MIXED)


def test_a_part_may_be_of_another_question():
    assert rows(MIXED.part(1, 3)) == [(7, 3, 20), (1, 5, 40)]
    assert MIXED.part(1, 3).asked == 100
    assert MIXED.part(0, 3, 40).ages.tolist() == [30, 20, 0]


def test_ages_are_the_seconds_up_to_the_question():
    assert MIXED.ages.tolist() == [90, 80, 60, 30]


@given(rated(30, longest=8), st.integers(0, 10**9))
def test_an_age_is_never_negative_though_a_rating_is_younger_than_the_question(history, asked):
    ages = history.part(0, len(history), asked).ages
    assert (ages >= 0).all() and (np.diff(ages) <= 0).all()
    before = history.times <= asked
    assert ages.tolist() == np.where(before, asked - history.times, 0).tolist()


@given(rated(30, longest=8), st.integers(0, 9))
def test_whatever_is_taken_keeps_films_stars_and_times_together(history, films):
    for taken in (history.liked, history.in_favour, history.latest(films), history.taken(history.items > 9)):
        assert set(rows(taken)) <= set(rows(history))
        assert len(taken.items) == len(taken.stars) == len(taken.times) == len(taken)


@given(rated(30, longest=30))
def test_every_liked_film_is_in_favour_and_what_is_in_favour_stays_so(history):
    favoured = history.in_favour
    assert set(rows(history.liked)) <= set(rows(favoured))
    assert rows(favoured.in_favour) == rows(favoured)
    assert rows(favoured) == rows(history.taken(history.favoured))
