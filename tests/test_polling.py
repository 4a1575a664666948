"""Asking again: until the answer comes or the time is over, whatever the clock says."""

import time

import pytest

from movie_genie.polling import poll


def test_it_asks_until_the_answer_is_awaited():
    answers, waited = iter([1, 2, 3, 4]), []
    assert poll(lambda: next(answers), lambda n: n == 3, every=5, sleep=waited.append) == 3
    assert waited == [5, 5]


def test_an_answer_at_once_takes_no_time():
    waited: list[float] = []
    assert poll(lambda: "yes", every=5, within=60, sleep=waited.append) == "yes"
    assert waited == []


def test_when_the_time_is_over_the_last_answer_is_given():
    waited: list[float] = []
    assert poll(lambda: False, every=2, within=600, sleep=waited.append) is False
    assert sum(waited) == 600


def test_an_error_ends_it():
    def ask() -> bool:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        poll(ask, every=1, within=10, sleep=lambda _: None)


def test_long_answers_count_as_time_too():
    asked = []

    def ask() -> bool:
        asked.append(0)
        time.sleep(0.06)
        return False

    assert not poll(ask, every=0.001, within=0.1)
    assert len(asked) == 2


def test_an_error_that_is_no_answer_is_raised_only_when_the_time_is_over():
    def ask() -> int:
        asked.append(0)
        if len(asked) < 3:
            raise ConnectionError("busy")
        return len(asked)

    asked: list[int] = []
    assert poll(ask, every=1, within=10, despite=ConnectionError, sleep=lambda _: None) == 3
    asked = []
    with pytest.raises(ConnectionError, match="busy"):
        poll(ask, every=10, within=10, despite=ConnectionError, sleep=lambda _: None)
    assert len(asked) == 2
