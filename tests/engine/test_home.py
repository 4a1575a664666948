import pytest
import tiny
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_genie.engine import home
from movie_genie.engine.home import LATEST, home_rows
from movie_genie.engine.recommender import Recommender
from movie_genie.engine.records import Rating

FILM_IDS = [film.movie_id for film in tiny.FILMS]


@pytest.fixture(scope="module")
def engine(tiny_release):
    return Recommender(tiny_release)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    films=st.lists(st.sampled_from(FILM_IDS), unique=True, max_size=35),
    stars=st.lists(st.sampled_from([None, 1.0, 3.5, 4.0, 5.0]), min_size=35, max_size=35),
    limit=st.integers(3, 12),
)
def test_no_film_comes_twice_over_all_rows_and_seen_ones_only_to_watch_again(engine, films, stars, limit):
    history = [
        Rating(film, rating, place) for place, (film, rating) in enumerate(zip(films, stars, strict=False))
    ]
    rows = home_rows(engine, history, limit)
    shown = [item.movie_id for row in rows for item in row.items]
    assert len(shown) == len(set(shown))
    seen = {film.movie_id for film in history}
    for row in rows:
        ids = {item.movie_id for item in row.items}
        assert 3 <= len(ids) <= limit
        if row.kind == "rewatch":
            assert ids <= {film.movie_id for film in history[:-LATEST] if (film.rating or 0) >= 4}
        else:
            assert not ids & seen
    assert len({row.row_id for row in rows}) == len(rows)


def test_a_viewer_gets_every_kind_of_row_that_their_history_allows(engine, monkeypatch):
    monkeypatch.setattr(home, "LATEST", 4)  # the small catalogue has too few films for a longer history
    crime = [film.movie_id for film in tiny.FILMS if "Crime" in film.genres][:8]
    others = [film.movie_id for film in tiny.FILMS if "Crime" not in film.genres][:4]
    history = [Rating(film, 4.5, 1) for film in crime] + [Rating(film, 3.0, 2) for film in others]
    kinds = {row.kind for row in home_rows(engine, history, limit=3)}
    assert kinds == {"for_you", "because", "genre", "popular", "hidden_gems", "rewatch"}


def test_a_stranger_gets_rows_that_need_no_taste(engine):
    rows = home_rows(engine, [Rating(1, None, 1)], limit=5)
    assert [row.kind for row in rows][:2] == ["popular", "hidden_gems"]
    assert {row.kind for row in rows[2:]} == {"genre"}
    assert all(1 not in [item.movie_id for item in row.items] for row in rows)


@pytest.mark.parametrize("stars", [5.0, 1.0])
def test_whoever_rated_a_film_is_told_the_stars_of_all_others_and_of_none_to_watch_again(engine, stars):
    history = [Rating(film, stars, place) for place, film in enumerate(FILM_IDS[:25])]
    for row in home_rows(engine, history, limit=5):
        told = [item.predicted_rating is not None for item in row.items]
        assert told == [row.kind != "rewatch"] * len(row.items)


def test_because_rows_start_from_the_latest_loved_films(engine):
    history = [Rating(1, 5.0, 1), Rating(6, 4.0, 2), Rating(47, 2.0, 3), Rating(1214, 4.5, 4)]
    rows = {row.row_id: row for row in home_rows(engine, history, limit=5)}
    assert rows["because-1214"].title == "Because you watched Alien"
    assert "because-6" in rows and "because-1" not in rows
    assert all(item.reasons[0].movie_id == 1214 for item in rows["because-1214"].items if item.reasons)


def test_the_row_whose_front_is_nearest_to_the_taste_comes_first(engine):
    history = engine.personas.history(5)
    affinity = engine.affinity(engine.taste(history))
    fits = [
        affinity[engine.items(item.movie_id for item in row.items[:6])].mean()
        for row in home_rows(engine, history, limit=6)
    ]
    assert fits == sorted(fits, reverse=True)
