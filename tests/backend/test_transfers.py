"""Imports from four services and from ourselves, and what is taken away again."""

import csv
import io
import itertools

import pyarrow as pa
import pytest
from browser import Browser
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from movie_genie.backend.budget import Budget
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.exports import as_csv
from movie_genie.backend.feedback import StoredRating
from movie_genie.backend.import_formats import LONGEST_TITLE, MOST_LINES, read_ratings
from movie_genie.backend.imports import Films, match
from movie_genie.backend.session import COOKIE
from movie_genie.backend.tables import metadata
from movie_genie.backend.views.transfers import BUDGET_SECONDS
from movie_genie.engine.records import Movie

LETTERBOXD = """Date,Name,Year,Letterboxd URI,Rating
2024-03-01,Toy Story,1995,https://boxd.it/1,4.5
2024-03-02,The Usual Suspects,1995,https://boxd.it/2,5
2024-03-03,Amélie,2001,https://boxd.it/3,4
2024-03-04,A Film Never Made,2001,https://boxd.it/4,4
2024-03-05,Shrek,2001,https://boxd.it/5,
"""
IMDB = """Const,Your Rating,Date Rated,Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres
tt0000001,9,2023-01-01,Toy Story,https://x,Movie,8.3,81,1995,"Animation, Comedy"
tt9999999,10,2023-01-02,"Usual Suspects, The",https://x,Movie,8.5,106,1996,Crime
tt8888888,11,2023-01-03,Shrek,https://x,Movie,7.9,90,2001,Comedy
"""
TRAKT = """rated_at,type,title,year,trakt_id,imdb_id,tmdb_id,rating
2022-05-01T20:00:00.000Z,movie,Toy Story,1995,1,,11,8
2022-05-02T20:00:00.000Z,show,Twin Peaks,1990,2,,,10
2022-05-03T20:00:00.000Z,movie,Usual Suspects,1995,3,tt0000050,,7
"""
MOVIELENS = """userId,movieId,rating,timestamp
1,1,4.0,964982703
1,50,5.0,964982224
1,123456,3.0,964982000
"""


def send(browser: Browser, data: bytes | str, commit: bool = False):
    content = data.encode() if isinstance(data, str) else data
    return browser.post(
        f"/me/import?commit={str(commit).lower()}",
        data={"file": (io.BytesIO(content), "ratings.csv")},
        content_type="multipart/form-data",
    )


def ratings_of(browser: Browser) -> dict[int, float]:
    items = browser.get("/me/ratings?per_page=100").json["items"]
    return {item["movie"]["movie_id"]: item["rating"] for item in items}


@pytest.mark.parametrize(
    ("kind", "text", "found", "reasons"),
    [
        ("letterboxd", LETTERBOXD, {1: 4.5, 50: 5, 4973: 4}, ["no such film here", "not rated"]),
        ("imdb", IMDB, {1: 4.5, 50: 5}, ["expected a rating of half stars, got '11'"]),
        ("trakt", TRAKT, {1: 4, 50: 3.5}, ["not a film"]),
        ("movielens", MOVIELENS, {1: 4, 50: 5}, ["no such film here"]),
    ],
)
def test_an_export_is_previewed_and_then_taken_over(
    user: Browser, kind: str, text: str, found: dict[int, float], reasons: list[str]
):
    preview = send(user, text).json
    assert (preview["format"], preview["kept"]) == (kind, None)
    assert {item["movie"]["movie_id"]: item["rating"] for item in preview["matched"]} == found
    assert [item["reason"] for item in preview["unmatched"]] == reasons
    assert (preview["matched_count"], preview["unmatched_count"]) == (len(found), len(reasons))
    assert ratings_of(user) == {}
    assert send(user, text, commit=True).json["kept"] == len(found)
    assert ratings_of(user) == found
    assert send(user, text, commit=True).json["kept"] == 0


def test_dates_come_along_and_make_the_history(user: Browser):
    send(user, LETTERBOXD, commit=True)
    items = user.get("/me/ratings").json["items"]
    assert [item["rated_at"] for item in items] == [f"2024-03-0{day}T00:00:00Z" for day in (3, 2, 1)]


def test_a_rating_given_here_later_is_not_overwritten(user: Browser):
    user.rate(m1=2)
    assert send(user, LETTERBOXD, commit=True).json["kept"] == 2
    assert ratings_of(user)[1] == 2


def test_of_two_lines_for_one_film_the_later_counts(user: Browser):
    lines = "userId,movieId,rating,timestamp\n1,1,5.0,200\n1,1,1.0,100\n"
    assert send(user, lines, commit=True).json["kept"] == 1
    assert ratings_of(user) == {1: 5}


def test_a_date_in_the_future_counts_as_now(user: Browser):
    send(user, "userId,movieId,rating,timestamp\n1,1,5.0,99999999999\n", commit=True)
    user.rate(m50=4)
    assert [item["movie"]["movie_id"] for item in user.get("/me/ratings").json["items"]] == [50, 1]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "columns"),
        (b"hello, this is no export\n1,2\n", "columns"),
        (b"\xff\xd8\xff\xe0 a picture", "text"),
        ("Date,Name,Year,Letterboxd URI,Rating\n1,Amélie,2001,x,4\n".encode("latin-1"), "byte 41"),
        (b"PK\x03\x04 a zip file \x00\x00", "text"),
        (b'userId,movieId,rating,timestamp\n1,1,"4.0\n', "CSV"),
        (b"userId,movieId,rating,timestamp\n1,1,4.0," + b"9" * 200_000, "CSV"),
        (b"userId,movieId,rating,timestamp\n" + b"1,1,4.0,1\n" * (MOST_LINES + 1), "lines"),
        (b"userId,movieId,rating,timestamp" + b"," * 20_000 + b"\n1,1,4.0,1\n", "first line"),
    ],
    ids=[
        *("empty", "no export", "a picture", "latin-1", "a zip file", "open quote", "huge field", "too long"),
        "thousands of columns",
    ],
)
def test_a_file_that_is_none_is_refused_with_its_reason(user: Browser, data: bytes, word: str):
    answer = send(user, data, commit=True)
    assert (answer.status_code, answer.json["type"]) == (422, "urn:problem:unreadable-import")
    assert word in answer.json["detail"]
    assert ratings_of(user) == {}


LIGATURE = "\ufdfa"
"""One character that stands for eighteen."""


@pytest.mark.parametrize(
    "title", ["x" * (LONGEST_TITLE + 1), LIGATURE * 60], ids=["long", "long spelled out"]
)
def test_a_title_that_no_film_has_is_not_looked_for(title: str, monkeypatch: pytest.MonkeyPatch):
    compared: list[str] = []
    monkeypatch.setattr(
        "movie_genie.backend.imports.spellings", lambda title: compared.append(title) or set()
    )
    text = f"Date,Name,Year,Letterboxd URI,Rating\n2024-03-01,{title},1995,https://boxd.it/1,4\n"
    _, (line,) = read_ratings(text.encode(), Budget(60))
    assert match([line], Films(NoFilms()), Budget(60)) == ([], [line])
    assert line.problem == f"expected a title of at most {LONGEST_TITLE} characters"
    assert len(line.text) <= 210
    assert compared == []


def test_an_import_that_takes_too_long_is_given_up(user: Browser):
    """A clock that says one second more whenever it is asked: reading ends in the middle, matching too."""
    text = MOVIELENS.encode()
    _, lines = read_ratings(text, Budget(60))
    for work in (
        lambda: read_ratings(text, Budget(2, itertools.count().__next__)),
        lambda: match(lines, Films(NoFilms()), Budget(2, itertools.count().__next__)),
    ):
        with pytest.raises(ProblemError) as refused:
            work()
        assert refused.value.status_code == 422
        assert "more than 2 s" in refused.value.message


def test_a_file_of_the_greatest_length_is_within_its_seconds(services):
    text = (
        LETTERBOXD.splitlines()[0]
        + "\n"
        + "2024-03-01,Amélie (Le Fabuleux destin),2001,https://x,4\n" * MOST_LINES
    )
    _, lines = read_ratings(text.encode(), Budget(BUDGET_SECONDS))
    films = Films(services.presenter().engine.catalogue)
    matched, _ = match(lines, films, Budget(BUDGET_SECONDS))
    assert len(matched) == MOST_LINES


def test_a_process_reads_one_import_at_a_time_and_answers_others_meanwhile(user: Browser, services):
    with services.importing:
        busy = send(user, LETTERBOXD)
        assert (busy.status_code, busy.json["type"]) == (503, "urn:problem:importing")
        assert int(busy.headers["Retry-After"]) >= 1
        assert user.get("/me/home").status_code == 200
    assert send(user, b"no export").status_code == 422
    assert send(user, LETTERBOXD).status_code == 200


def test_imports_are_counted_by_where_they_come_from_whoever_sends_them(app):
    def try_as_a_new_guest(address: str) -> int:
        guest = Browser(app.test_client())
        guest.client.environ_base["REMOTE_ADDR"] = address
        guest.post("/session/guest")
        return send(guest, MOVIELENS).status_code

    assert [try_as_a_new_guest("10.0.0.1") for _ in range(11)] == [200] * 10 + [429]
    assert try_as_a_new_guest("10.0.0.2") == 200


def test_imports_are_counted_by_viewer_wherever_they_come_from(user: Browser):
    def try_from(address: str) -> int:
        user.client.environ_base["REMOTE_ADDR"] = address
        return send(user, MOVIELENS).status_code

    assert [try_from(f"10.0.0.{number}") for number in range(11)] == [200] * 10 + [429]


def test_a_file_beyond_the_limit_is_not_even_received(user: Browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("movie_genie.backend.views.transfers.IMPORT", "1 per minute")
    assert send(user, MOVIELENS).status_code == 200
    not_a_form = user.post("/me/import", data=b"no form", content_type="text/plain")
    assert not_a_form.status_code == 429


def test_files_with_a_mark_in_front_and_of_16_bits_are_read(user: Browser):
    assert send(user, LETTERBOXD.encode("utf-8-sig")).json["matched_count"] == 3
    assert send(user, LETTERBOXD.encode("utf-16")).json["matched_count"] == 3


def test_no_file_is_no_import(user: Browser):
    answer = user.post("/me/import", data={"other": "x"}, content_type="multipart/form-data")
    assert answer.status_code == 422


def test_a_hundred_megabytes_are_refused_unread(user: Browser):
    """Only the announcement is sent: a server that asked for the body would fail here."""
    user.me()
    answer = user.client.post(
        "/api/me/import?commit=true",
        input_stream=io.BytesIO(b""),
        headers={"X-CSRF-Token": user.csrf_token, "Content-Type": "multipart/form-data; boundary=x"},
        environ_overrides={"CONTENT_LENGTH": str(100 * 1024 * 1024)},
    )
    assert answer.status_code == 413
    assert answer.json["title"] == "Request Entity Too Large"
    assert ratings_of(user) == {}


def test_a_failure_in_the_middle_leaves_nothing(user: Browser, services):
    """The database refuses the second row: the first is not kept either."""
    with pytest.raises(IntegrityError, match="ck_ratings_range"):
        services.feedback.rate_many(1, [StoredRating(1, 4.0, 1), StoredRating(50, 9.5, 2)])
    assert ratings_of(user) == {}


@given(st.binary(max_size=2000))
def test_any_bytes_are_refused_with_a_reason(data: bytes):
    with pytest.raises(ProblemError) as refused:
        read_ratings(data, Budget(60))
    assert refused.value.status_code == 422


strange = ["4.5", "1995", "1e309", "nan", "-1", "٣", "2024-02-31", "0", '"', "=1+1", "\x00"]
cells = st.one_of(st.text(max_size=20), st.sampled_from(strange))


@given(
    st.sampled_from([LETTERBOXD, IMDB, TRAKT, MOVIELENS]), st.lists(st.lists(cells, max_size=9), max_size=5)
)
def test_any_lines_under_a_known_header_are_ratings_or_say_why_not(example: str, rows: list[list[str]]):
    text = io.StringIO(newline="")
    text.write(example.split("\n", maxsplit=1)[0] + "\n")
    csv.writer(text).writerows(rows)
    try:
        _, lines = read_ratings(text.getvalue().encode(), Budget(60))
    except ProblemError as refused:
        assert refused.status_code == 422
        return
    for line in lines:
        assert line.problem or 0.5 <= line.stars <= 5
        assert len(line.text) <= 210


def test_everything_can_be_taken_away(user: Browser):
    user.rate(m1=4.5)
    user.post("/me/ratings", {"movie_id": 50, "not_interested": True})
    user.post("/me/watchlist", {"movie_id": 32})
    answer = user.get("/me/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="movie-genie.json"'
    assert answer.json["name"] == "ursula"
    assert [(item["movie_id"], item["rating"]) for item in answer.json["ratings"]] == [(50, None), (1, 4.5)]
    assert answer.json["watchlist"][0]["title"] == "Twelve Monkeys (a.k.a. 12 Monkeys)"


KEPT_BACK = {
    *("viewers.id", "viewers.name_key", "viewers.password_hash", "sessions.token_hash", "events.id"),
    *("password_resets.token_hash", "viewers.locked_at"),
    *(f"{table}.viewer_id" for table in ("sessions", "password_resets", "ratings", "watchlist", "events")),
}
"""What is no news to the viewer, as that they are not locked, or would open their account to a file's finder."""

CALLED = {"row_kind": "row"}
"""Columns that the API has another word for."""


def test_an_export_holds_every_column_that_is_kept_of_a_viewer(user: Browser, services):
    services.administration.reset_link("ursula")
    user.rate(m1=4.5)
    user.post("/me/watchlist", {"movie_id": 32})
    shown = {"kind": "click", "row": "for_you", "movie_id": 50, "position": 3}
    user.post("/events", {"release_id": "a" * 12, "events": [shown]})
    export = user.get("/me/export").json
    assert export["events"][0].items() >= shown.items()
    for table in metadata.sorted_tables:
        taken = export if table.name == "viewers" else export[table.name][0]
        for column in table.columns:
            if f"{table.name}.{column.name}" not in KEPT_BACK:
                assert CALLED.get(column.name, column.name) in taken, column
    assert len(export["sessions"]) == 1
    assert user.client.get_cookie(COOKIE).value not in user.get("/me/export").text


def test_our_own_export_can_be_imported_elsewhere(user: Browser, other: Browser):
    user.rate(m1=4.5, m50=2)
    user.post("/me/ratings", {"movie_id": 32, "not_interested": True})
    taken = user.get("/me/export?format=csv")
    assert taken.mimetype == "text/csv"
    brought = send(other, taken.data, commit=True).json
    assert (brought["format"], brought["kept"]) == ("movie_genie", 2)
    assert ratings_of(other) == {1: 4.5, 50: 2}


class NoFilms:
    """A catalogue of an empty release."""

    table = pa.table({name: [] for name in ("movie_id", "imdb_id", "tmdb_id", "year", "popularity", "title")})


class OneFilm:
    """A catalogue whose only film has a given title."""

    def __init__(self, title: str) -> None:
        self.item_of = {1: 0}
        self.movies = [Movie(1, title, 1999, (), None)]


class OneRating:
    """A viewer's feedback: one rating of that film."""

    def all_ratings(self, _viewer_id: int) -> list[StoredRating]:
        return [StoredRating(1, 4.0, 0)]


@given(
    st.one_of(
        st.text(max_size=30), st.text(max_size=9).map("=".__add__), st.text(max_size=9).map("-".__add__)
    )
)
def test_no_exported_cell_is_taken_for_a_formula(title: str):
    (_, row) = csv.reader(io.StringIO(as_csv(OneRating(), 1, OneFilm(title)), newline=""))
    assert row[1] in (title, f"'{title}")
    assert not row[1].startswith(("=", "+", "-", "@", "\t", "\r"))
