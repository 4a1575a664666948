"""Ratings, watchlist and what follows from them: the very next answer knows."""

import pytest
import tiny
from browser import Browser

CRIME = [film.movie_id for film in tiny.FILMS if "Crime" in film.genres]


def test_ratings_are_listed_newest_first_in_pages(user: Browser):
    user.rate(m1=5, m50=2.5, m32=0.5)
    page = user.get("/me/ratings?per_page=2").json
    assert [item["movie"]["movie_id"] for item in page["items"]] == [32, 50]
    assert (page["total"], page["items"][0]["rating"], page["items"][0]["not_interested"]) == (3, 0.5, False)
    assert page["items"][1]["movie"]["title"] == "The Usual Suspects"
    assert [
        item["movie"]["movie_id"] for item in user.get("/me/ratings?per_page=2&page=2").json["items"]
    ] == [1]


def test_a_second_rating_replaces_the_first(user: Browser):
    user.rate(m1=5)
    user.rate(m1=2)
    items = user.get("/me/ratings").json["items"]
    assert [item["rating"] for item in items] == [2]


def test_a_rating_can_be_taken_back_and_that_twice(user: Browser):
    user.rate(m1=5)
    for _ in range(2):
        assert user.delete("/me/ratings/1").status_code == 204
    assert user.get("/me/ratings").json["total"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"movie_id": 1},
        {"movie_id": 1, "rating": 0},
        {"movie_id": 1, "rating": 5.5},
        {"movie_id": 1, "rating": 3.3},
        {"movie_id": 1, "rating": "NaN"},
        {"movie_id": 1, "rating": 4, "not_interested": True},
        {"movie_id": -1, "rating": 4},
        {"movie_id": 1, "rating": 4, "viewer_id": 2},
        {"rating": 4},
        [],
        None,
    ],
)
def test_a_rating_that_makes_no_sense_is_refused(user: Browser, body: object):
    assert user.post("/me/ratings", body).status_code in (400, 422)
    assert user.get("/me/ratings").json["total"] == 0


def test_an_unknown_film_can_be_neither_rated_nor_watched(user: Browser):
    assert user.post("/me/ratings", {"movie_id": 424242, "rating": 4}).status_code == 404
    assert user.post("/me/watchlist", {"movie_id": 424242}).status_code == 404


def test_the_next_answer_already_knows_the_rating(user: Browser):
    first = user.get("/me/recommendations?limit=5").json["items"]
    best = first[0]["movie"]["movie_id"]
    user.rate(**{f"m{best}": 4})
    second = user.get("/me/recommendations?limit=5").json["items"]
    assert best not in [item["movie"]["movie_id"] for item in second]
    assert [item["score"] for item in second] != [item["score"] for item in first]


def test_a_recommended_film_says_the_stars_that_its_page_says(user: Browser):
    user.rate(m1=5, m50=1)
    items = user.get("/me/recommendations?limit=5").json["items"]
    for item in items:
        own = user.get(f"/movies/{item['movie']['movie_id']}").json["predicted_rating"]
        assert item["predicted_rating"] == pytest.approx(own, abs=0.011)


def test_a_stranger_is_told_no_stars(user: Browser):
    items = user.get("/me/recommendations?limit=5").json["items"]
    assert [item["predicted_rating"] for item in items] == [None] * 5


def test_what_is_of_no_interest_is_not_recommended_and_no_reason(user: Browser):
    user.rate(m1=5, m50=5, m32=5)
    best = user.get("/me/recommendations?limit=1").json["items"][0]["movie"]["movie_id"]
    assert user.post("/me/ratings", {"movie_id": best, "not_interested": True}).status_code == 201
    items = user.get("/me/recommendations?limit=30").json["items"]
    assert best not in [item["movie"]["movie_id"] for item in items]
    assert best not in [reason["movie_id"] for item in items for reason in item["reasons"]]
    assert user.get(f"/movies/{best}").json["not_interested"] is True


def test_five_ratings_of_one_taste_change_a_fresh_guests_first_row(guest: Browser):
    before = guest.get("/me/home").json["rows"][0]
    for movie_id in CRIME[:5]:
        guest.rate(**{f"m{movie_id}": 5})
    rows = guest.get("/me/home").json["rows"]
    first = rows[0]
    top_before = {item["movie"]["movie_id"] for item in before["items"][:10]}
    top_after = {item["movie"]["movie_id"] for item in first["items"][:10]}
    assert first["kind"] != before["kind"]
    assert len(top_before & top_after) < 8
    assert not top_after & set(CRIME[:5])


def test_no_film_stands_in_two_rows(user: Browser):
    user.rate(m1=5, m50=4.5, m32=4, m296=5, m593=1)
    rows = user.get("/me/home").json["rows"]
    shown = [item["movie"]["movie_id"] for row in rows for item in row["items"]]
    assert len(rows) >= 2
    assert len(shown) == len(set(shown))
    assert "for_you" in {row["kind"] for row in rows}


def test_recommendations_keep_to_genre_and_limit(user: Browser):
    user.rate(m1=5)
    items = user.get("/me/recommendations?genre=Crime&limit=3&diversity=0.5").json["items"]
    assert len(items) == 3
    assert all("Crime" in item["movie"]["genres"] for item in items)


def test_a_watchlist_keeps_its_order_and_each_film_once(user: Browser):
    for movie_id in (1, 50, 1):
        assert user.post("/me/watchlist", {"movie_id": movie_id}).status_code == 201
    assert [entry["movie"]["movie_id"] for entry in user.get("/me/watchlist").json["items"]] == [50, 1]
    for _ in range(2):
        assert user.delete("/me/watchlist/50").status_code == 204
    assert [entry["movie"]["movie_id"] for entry in user.get("/me/watchlist").json["items"]] == [1]


def test_a_film_that_a_later_release_lacks_is_still_listed_and_can_go(user: Browser, services):
    services.feedback.rate(1, 777777, 4.0)
    (item,) = user.get("/me/ratings").json["items"]
    assert (item["movie"]["movie_id"], item["movie"]["title"]) == (777777, "Film 777777")
    assert user.get("/me/recommendations").status_code == 200
    assert user.delete("/me/ratings/777777").status_code == 204


def test_search_is_nearer_to_a_viewers_taste(user: Browser, anonymous: Browser):
    user.rate(**{f"m{movie_id}": 5 for movie_id in CRIME[:5]})
    path = "/search?q=the&mode=title&limit=50"
    mine = [item["movie"]["movie_id"] for item in user.get(path).json["items"]]
    anybodys = [item["movie"]["movie_id"] for item in anonymous.get(path).json["items"]]
    assert set(mine) == set(anybodys)
    assert mine != anybodys


def test_events_are_counted_by_row_and_release(user: Browser, admin: Browser):
    shown = [{"kind": "impression", "row": "for_you"}, {"kind": "impression", "row": "popular"}]
    clicked = {"kind": "click", "row": "for_you", "movie_id": 1, "position": 0}
    for events in ([*shown, clicked], shown):
        assert user.post("/events", {"release_id": "a" * 12, "events": events}).status_code == 204
    assert user.post("/events", {"release_id": "b" * 12, "events": [clicked]}).status_code == 204
    rows = admin.get("/admin/click-through").json["items"]
    assert rows == [
        {"release_id": "a" * 12, "row": "for_you", "impressions": 2, "clicks": 1, "rate": 0.5},
        {"release_id": "a" * 12, "row": "popular", "impressions": 2, "clicks": 0, "rate": 0.0},
        {"release_id": "b" * 12, "row": "for_you", "impressions": 0, "clicks": 1, "rate": None},
    ]


def test_one_viewer_who_clicks_a_thousand_times_makes_no_rate(user: Browser, other: Browser, admin: Browser):
    shown, clicked = (
        {"kind": "impression", "row": "popular"},
        {"kind": "click", "row": "popular", "movie_id": 1},
    )
    for browser, events in (
        (user, [shown] * 10 + [clicked] * 190),
        (user, [clicked] * 200),
        (other, [shown] * 4),
    ):
        assert browser.post("/events", {"release_id": "a" * 12, "events": events}).status_code == 204
    assert other.post("/events", {"release_id": "a" * 12, "events": [clicked]}).status_code == 204
    (row,) = admin.get("/admin/click-through").json["items"]
    assert (row["impressions"], row["clicks"]) == (14, 391)
    assert row["rate"] == pytest.approx((1 + 1 / 4) / 2)


@pytest.mark.parametrize(
    "event", [{"kind": "hover", "row": "x"}, {"kind": "click", "row": "No Row"}, {"kind": "click"}, {}]
)
def test_events_have_a_shape(user: Browser, event: dict):
    assert user.post("/events", {"release_id": "a" * 12, "events": [event]}).status_code == 422
