"""A process computes one answer at a time, and goes on giving those that need no computing."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from apiflask import APIFlask

from movie_genie.engine.recommender import Recommender

ANSWERS = 4


def test_computed_answers_come_one_after_the_other_and_hold_up_no_others(
    make_app, monkeypatch: pytest.MonkeyPatch
):
    app: APIFlask = make_app()
    computing: list[int] = []
    together: list[int] = []
    first_is_in, go_on = threading.Event(), threading.Event()
    popular = Recommender.popular

    def slow(*arguments, **options):
        computing.append(1)
        first_is_in.set()
        go_on.wait(10)
        together.append(len(computing))
        computing.pop()
        return popular(*arguments, **options)

    monkeypatch.setattr(Recommender, "popular", slow)
    with ThreadPoolExecutor(ANSWERS) as pool:
        asked = [
            pool.submit(lambda: app.test_client().get("/api/movies/popular").status_code)
            for _ in range(ANSWERS)
        ]
        assert first_is_in.wait(10)
        time.sleep(0.1)  # for the others to begin, if nothing held them back
        assert app.test_client().get("/api/health").status_code == 200
        go_on.set()
        assert [answer.result(10) for answer in asked] == [200] * ANSWERS
    assert together == [1] * ANSWERS


def test_an_answer_that_fails_gives_its_turn_away(make_app, monkeypatch: pytest.MonkeyPatch):
    app: APIFlask = make_app()
    client = app.test_client()

    def broken(*_arguments, **_options):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(Recommender, "popular", broken)
        assert client.get("/api/movies/popular").status_code == 500
    assert client.get("/api/movies/popular").status_code == 200
