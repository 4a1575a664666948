"""Films, search and personas over HTTP."""

import pytest
import tiny
from browser import Browser

from movie_genie.backend.services import Services

FILM_KEYS = {"movie_id", "title", "year", "genres", "poster_url"}


def test_a_film_is_shown_in_full(anonymous: Browser):
    film = anonymous.get("/movies/1").json
    assert (film["title"], film["year"], film["imdb_id"]) == ("Toy Story", 1995, "tt0000001")
    assert film["genres"] == ["Animation", "Children", "Comedy"]
    assert film["poster_url"] == "/api/posters/1"
    assert (film["my_rating"], film["not_interested"], film["in_watchlist"]) == (None, False, False)


def test_what_is_known_of_a_film_is_its_row_in_the_catalogue(anonymous: Browser, services: Services):
    row = services.presenter().engine.catalogue.detail(1)
    row["average_rating"] = round(row["average_rating"], 2)
    film = anonymous.get("/movies/1").json
    for name in ("poster_url", "my_rating", "not_interested", "in_watchlist", "predicted_rating"):
        del film[name]
    assert film == {name: row[name] for name in film}


def test_a_film_shows_its_viewers_rating_and_no_others(user: Browser, other: Browser):
    user.rate(m1=4.5)
    user.post("/me/watchlist", {"movie_id": 1})
    mine, theirs = user.get("/movies/1").json, other.get("/movies/1").json
    assert (mine["my_rating"], mine["in_watchlist"]) == (4.5, True)
    assert (theirs["my_rating"], theirs["in_watchlist"]) == (None, False)


def test_a_film_shows_the_stars_that_its_viewer_will_give_it_and_none_to_a_stranger(
    anonymous: Browser, user: Browser, other: Browser
):
    assert anonymous.get("/movies/1").json["predicted_rating"] is None
    assert other.get("/movies/1").json["predicted_rating"] is None
    user.rate(m50=5, m32=1)
    predicted = user.get("/movies/1").json["predicted_rating"]
    assert 0.5 <= predicted <= 5 and round(predicted, 2) == predicted
    assert user.get("/movies/50").json["predicted_rating"] is None  # they said it themselves


def test_posters_are_linked_directly_where_asked(make_app):
    client = make_app(posters="direct").test_client()
    answer = client.get("/api/movies/1")
    assert answer.json["poster_url"] == "https://image.tmdb.org/t/p/w342/1.jpg"
    assert "https://image.tmdb.org" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/movies/424242", "/movies/424242/similar", "/personas/424242/history"])
def test_what_is_not_there_is_a_404(anonymous: Browser, path: str):
    answer = anonymous.get(path)
    assert answer.status_code == 404
    assert "424242" in answer.json["detail"]


def test_an_id_too_large_for_any_database_is_a_404(anonymous: Browser):
    assert anonymous.get(f"/movies/{2**80}").status_code == 404


def test_similar_films_leave_out_the_film_itself(anonymous: Browser):
    items = anonymous.get("/movies/1/similar?limit=5").json["items"]
    assert len(items) == 5
    assert all(item["movie"]["movie_id"] != 1 for item in items)
    assert set(items[0]["movie"]) == FILM_KEYS


def test_popular_films_of_a_genre_have_it(anonymous: Browser):
    items = anonymous.get("/movies/popular?genre=Crime&limit=4").json["items"]
    assert len(items) == 4
    assert all("Crime" in item["movie"]["genres"] for item in items)


def test_an_unknown_genre_is_named(anonymous: Browser):
    for path in ("/movies/popular", "/search?q=x", "/personas/1/recommendations"):
        answer = anonymous.get(f"{path}{'&' if '?' in path else '?'}genre=Knitting")
        assert (answer.status_code, answer.json["detail"]) == (404, "unknown genre: Knitting")


def test_genres_are_counted_the_largest_first(anonymous: Browser):
    items = anonymous.get("/genres").json["items"]
    assert items == sorted(items, key=lambda item: -item["movies"])
    assert sum(item["movies"] for item in items) == sum(len(film.genres) for film in tiny.FILMS)


def test_a_title_with_a_typing_error_is_found(anonymous: Browser):
    items = anonymous.get("/search?q=tpy+story&mode=title").json["items"]
    assert items[0]["movie"]["title"] == "Toy Story"
    assert items[0]["matched"] == "title"


def test_search_keeps_to_genre_and_years(anonymous: Browser):
    items = anonymous.get("/search?q=the&mode=title&genre=Crime&year_from=1990&year_to=1999").json["items"]
    assert items
    for item in items:
        assert "Crime" in item["movie"]["genres"]
        assert 1990 <= item["movie"]["year"] <= 1999


def test_personas_come_in_pages_and_hold_no_viewer_of_the_app(anonymous: Browser):
    first = anonymous.get("/personas?per_page=5").json
    assert (first["total"], first["page"], first["per_page"], len(first["items"])) == (tiny.PERSONAS, 1, 5, 5)
    last = anonymous.get("/personas?per_page=5&page=3").json
    assert [persona["persona_id"] for persona in last["items"]] == [11, 12]
    assert anonymous.get("/personas?per_page=5&page=4").json["items"] == []
    assert anonymous.get(f"/personas/{tiny.VIEWER}/history").status_code == 404


def test_a_history_is_shown_newest_first(anonymous: Browser):
    history = anonymous.get("/personas/3/history?per_page=100").json
    moments = [item["rated_at"] for item in history["items"]]
    assert moments == sorted(moments, reverse=True)
    assert history["total"] == len(moments)
    assert moments[-1] == "1970-01-01T00:00:00Z"
    second = anonymous.get("/personas/3/history?per_page=4&page=2").json["items"]
    assert second == history["items"][4:8]


def test_a_persona_is_recommended_nothing_they_saw_and_told_why(anonymous: Browser):
    seen = {
        item["movie"]["movie_id"] for item in anonymous.get("/personas/3/history?per_page=100").json["items"]
    }
    answer = anonymous.get("/personas/3/recommendations?limit=10").json
    shown = [item["movie"]["movie_id"] for item in answer["items"]]
    assert len(shown) == len(set(shown)) == 10
    assert not seen & set(shown)
    reasons = [reason for item in answer["items"] for reason in item["reasons"]]
    assert reasons
    assert all(reason["movie_id"] in seen and 0 < reason["share"] <= 1 for reason in reasons)
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)
