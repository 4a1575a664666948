import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tmdb_server import KEY, TOKEN, Fault, TmdbServer

from movie_genie.data.tmdb import TALKATIVE, Client
from movie_genie.data.tmdb_answers import Facts, Film, look_up
from movie_genie.errors import UserError

BERGKRISTALL = Film(7, "Rock Crystal (Bergkristall)", 2004, "tt0409732", 12313)
MANY = [Film(number, f"Film {number}", 1999, None, 1000 + number) for number in range(30)]


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy between a test and the server beside it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def tmdb() -> Iterator[TmdbServer]:
    server = TmdbServer()
    yield server
    server.close()


@pytest.fixture
def ask(tmdb: TmdbServer, tmp_path: Path) -> Callable[..., dict[int, Facts]]:
    """Look films up on the test's server, kept in the test's folder."""

    def look(*films: Film, key: str = KEY, url: str = tmdb.url, **options: float) -> dict[int, Facts]:
        settings = {
            "requests_per_second": 500,
            "timeout_seconds": 5,
            "retries": 3,
            "backoff_seconds": 0.01,
            **options,
        }
        with Client(url, key, **settings) as client:
            return look_up(films, tmp_path, client)

    return look


def test_a_film_with_an_id_takes_one_request(tmdb: TmdbServer, ask) -> None:
    (facts,) = ask(BERGKRISTALL).values()
    assert tmdb.paths == ["movie/12313"]
    assert tmdb.requests[0].query["append_to_response"] == "credits,keywords"
    assert facts == Facts(
        tmdb_id=12313,
        overview="The towns of Gschaid and Millsdorf are in a constant state of feuding with each other.",
        keywords=["mountain village"],
        cast=["Dana Vávrová", "Daniel Morgenroth", "François Goeske", "Josefina Vilsmaier"],
        directors=["Joseph Vilsmaier"],
        runtime=92,
        poster_path="/8GFxp1rAoJRRN5OGeHRClWGVief.jpg",
        backdrop_path="/bzsrNO2PGP8eJeccFJd7893L8AY.jpg",
    )


def test_the_first_ten_of_a_long_cast_are_kept(ask) -> None:
    cast = ask(Film(1, "Fight Club", 1999, None, 550))[1].cast
    assert (len(cast), cast[0], cast[-1]) == (10, "Edward Norton", "David Andrews")


def test_the_cast_is_in_billing_order_and_each_director_is_named_once(tmdb: TmdbServer, ask) -> None:
    people = {
        "cast": [{"name": "Second", "order": 1}, {"name": "First", "order": 0}],
        "crew": [
            {"name": "Lana", "job": "Director"},
            {"name": "Bill", "job": "Editor"},
            {"name": "Lilly", "job": "Director"},
            {"name": "Lana", "job": "Director"},
        ],
    }
    words = {"keywords": [{"name": "b"}, {"name": "a"}]}
    answer = {"id": 5, "overview": "O", "runtime": 9, "credits": people, "keywords": words}
    tmdb.always["movie/5"] = Fault(200, json.dumps(answer).encode())
    facts = ask(Film(1, "Bound", 1996, None, 5))[1]
    assert (facts.cast, facts.directors, facts.keywords) == (
        ["First", "Second"],
        ["Lana", "Lilly"],
        ["b", "a"],
    )


@pytest.mark.parametrize("imdb_id", ["0409732", "tt123", "tt0409732x", ""])
def test_what_is_no_imdb_id_is_not_asked_for(tmdb: TmdbServer, ask, imdb_id: str) -> None:
    ask(Film(8, "Fight Club", 1999, imdb_id, None))
    assert tmdb.paths == ["search/movie", "movie/550"]


def test_a_search_without_a_year_asks_for_none(tmdb: TmdbServer, ask) -> None:
    ask(Film(8, "Fight Club", None, None, None))
    assert "year" not in tmdb.requests[0].query
    assert tmdb.requests[0].query["query"] == "Fight Club"


def test_answers_are_kept_by_what_was_asked(ask, tmp_path: Path) -> None:
    ask(Film(7, "Rock Crystal", 2004, "tt0409732", None), Film(8, "Fight Club", 1999, None, None))
    kept = {
        path.relative_to(tmp_path).as_posix(): json.loads(path.read_text())
        for path in tmp_path.rglob("*.json")
    }
    # sha256 of "Fight Club (1999)"
    search = "search/" + hashlib.sha256(b"Fight Club (1999)").hexdigest()[:16] + ".json"
    assert kept.keys() == {"find/tt0409732.json", "movie/12313.json", search, "movie/550.json"}
    assert kept["find/tt0409732.json"] == {"answer": {"tmdb_id": 12313}}
    assert kept[search] == {"answer": {"tmdb_id": 550}}


def test_an_imdb_id_that_tmdb_does_not_know_is_remembered_so(tmdb: TmdbServer, ask, tmp_path: Path) -> None:
    tmdb.always["find/tt0000001"] = Fault(200, b'{"movie_results": []}')
    film = Film(7, "Nowhere", 2004, "tt0000001", None)
    assert ask(film) == {} == ask(film)
    assert tmdb.paths == ["find/tt0000001"]
    assert json.loads((tmp_path / "find/tt0000001.json").read_text()) == {"answer": None}


def test_what_tmdb_leaves_empty_is_unknown(tmdb: TmdbServer, ask) -> None:
    bare = {"id": 5, "overview": "", "runtime": 0, "poster_path": None, "credits": {"cast": [], "crew": []}}
    tmdb.always["movie/5"] = Fault(200, json.dumps({**bare, "keywords": {"keywords": []}}).encode())
    facts = ask(Film(1, "Bare", None, None, 5))[1]
    assert (facts.overview, facts.runtime, facts.poster_path, facts.backdrop_path) == (None, None, None, None)


def test_a_film_with_an_imdb_id_alone_is_found_by_it(tmdb: TmdbServer, ask) -> None:
    assert ask(Film(7, "Rock Crystal", 2004, "tt0409732", None))[7].tmdb_id == 12313
    assert tmdb.paths == ["find/tt0409732", "movie/12313"]
    assert tmdb.requests[0].query["external_source"] == "imdb_id"


def test_a_film_without_ids_is_searched_by_title_and_year(tmdb: TmdbServer, ask) -> None:
    assert ask(Film(8, "Fight Club (a.k.a. FC)", 1999, None, None))[8].tmdb_id == 550
    assert tmdb.paths == ["search/movie", "movie/550"]
    assert {name: tmdb.requests[0].query[name] for name in ("query", "year")} == {
        "query": "Fight Club",
        "year": "1999",
    }


def test_a_search_without_a_sure_match_ends_there(tmdb: TmdbServer, ask) -> None:
    film = Film(8, "Fight Club", 1975, None, None)
    assert ask(film) == {} == ask(film)
    assert tmdb.paths == ["search/movie"]


def test_a_key_goes_into_the_query_and_a_token_into_the_header(tmdb: TmdbServer, ask) -> None:
    ask(MANY[0], key=KEY)
    ask(MANY[1], key=TOKEN)
    by_key, by_token = tmdb.requests
    assert (by_key.query["api_key"], by_key.authorization) == (KEY, None)
    assert ("api_key" in by_token.query, by_token.authorization) == (False, f"Bearer {TOKEN}")


@pytest.mark.parametrize("key", ["", "two words", "clé", "s3cr3t\n"])
def test_a_key_that_can_be_none_is_refused_without_being_shown(ask, key: str) -> None:
    with pytest.raises(UserError, match="TMDB_API_KEY: holds characters") as error:
        ask(MANY[0], key=key)
    assert not key.strip() or key.strip() not in str(error.value)


def test_a_refused_key_is_one_clear_error(tmdb: TmdbServer, ask) -> None:
    tmdb.always["movie/1000"] = Fault(401, b'{"status_code": 7, "success": false}')
    with pytest.raises(UserError, match="TMDB_API_KEY is refused"):
        ask(MANY[0])


def test_an_unknown_film_is_remembered_as_unknown(tmdb: TmdbServer, ask) -> None:
    tmdb.unknown.add(1000)
    assert ask(MANY[0]) == {}
    assert ask(MANY[0]) == {}
    assert tmdb.paths == ["movie/1000"]


def test_too_many_requests_waits_as_long_as_it_is_told(tmdb: TmdbServer, ask) -> None:
    tmdb.faults = [Fault(429, headers={"Retry-After": "1"})]
    assert ask(MANY[0])[0].tmdb_id == 1000
    first, second = tmdb.requests
    assert 1 <= second.at - first.at < 3


def test_passing_failures_are_tried_again(tmdb: TmdbServer, ask) -> None:
    tmdb.faults = [Fault(500), Fault(502), Fault(503)]
    assert ask(MANY[0])[0].tmdb_id == 1000
    assert tmdb.paths == ["movie/1000"] * 4


@pytest.mark.parametrize("status", [429, 500, 503])
def test_lasting_failures_are_one_clear_error_naming_the_film(tmdb: TmdbServer, ask, status: int) -> None:
    tmdb.always["movie/1000"] = Fault(status)
    with pytest.raises(
        UserError, match=rf"movie/1000 \(Film 0 \(1999\)\): answered {status} .*is kept"
    ) as error:
        ask(MANY[0])
    assert "\n" not in str(error.value)
    assert tmdb.paths == ["movie/1000"] * 4


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"id": 1000, "overview": "cut off he', "Invalid JSON"),
        (b"<html>Bad gateway</html>", "Invalid JSON"),
        (b"[]", "should be an object"),
        (b'{"id": 1000, "keywords": {"keywords": []}}', "credits: Field required"),
        (b'{"id": "x", "credits": {"cast": [], "crew": []}, "keywords": {"keywords": []}}', "id: .*integer"),
    ],
)
def test_a_malformed_answer_is_one_clear_error_and_is_not_kept(
    tmdb: TmdbServer, ask, body: bytes, problem: str
) -> None:
    tmdb.faults = [Fault(200, body)]
    with pytest.raises(
        UserError, match=rf"movie/1000 \(Film 0 \(1999\)\): answer not as .*{problem}"
    ) as error:
        ask(MANY[0])
    assert "\n" not in str(error.value)
    assert ask(MANY[0])[0].tmdb_id == 1000


def test_an_error_loses_nothing_that_was_fetched(tmdb: TmdbServer, ask) -> None:
    tmdb.always["movie/1020"] = Fault(500)
    with pytest.raises(UserError, match="Film 20"):
        ask(*MANY)
    before = len(tmdb.requests)
    answered = {path for path in tmdb.paths if path != "movie/1020"}
    tmdb.always.clear()
    assert len(ask(*MANY)) == len(MANY)
    assert len(answered) >= 20
    assert sorted(tmdb.paths[before:]) == sorted({f"movie/{film.tmdb_id}" for film in MANY} - answered)


def test_without_a_network_what_is_kept_is_used(ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ask(MANY[0])
    nobody = "http://127.0.0.1:9/3"
    assert set(ask(*MANY[:5], url=nobody)) == {0}
    assert [record.getMessage() for record in caplog.records] == [
        "TMDB cannot be reached (ConnectionError): going on with what is known"
    ]


def test_a_server_that_does_not_answer_in_time_counts_as_no_network(
    tmdb: TmdbServer, ask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tmdb.always["movie/1000"] = Fault(200, pause=1)
    began = time.monotonic()
    assert ask(MANY[0], timeout_seconds=0.1) == {}
    assert time.monotonic() - began < 1
    assert [record.getMessage()[:22] for record in caplog.records] == ["TMDB cannot be reached"]


def test_the_rate_limit_is_kept(tmdb: TmdbServer, ask) -> None:
    ask(*MANY, requests_per_second=10)
    times = [request.at for request in tmdb.requests]
    assert len(times) == len(MANY)
    assert 1.7 < times[-1] - times[0] < 10  # ten at once, ten a second later, the last ten after two


def test_a_closed_client_leaves_the_loggers_as_they_were(ask) -> None:
    ask(MANY[0])
    assert not [name for name in TALKATIVE if logging.getLogger(name).filters]


@pytest.mark.parametrize("key", [KEY, TOKEN])
def test_the_key_is_never_logged_nor_kept(
    tmdb: TmdbServer, ask, tmp_path: Path, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    caplog.set_level(logging.DEBUG)
    tmdb.faults = [Fault(429, headers={"Retry-After": "0"}), Fault(None), Fault(500), Fault(200, b"nonsense")]
    tmdb.always["movie/1001"] = Fault(503)
    messages = []
    for film in (MANY[0], MANY[1]):
        with pytest.raises(UserError) as error:
            ask(film, key=key)
        messages.append(str(error.value))
    ask(MANY[2], key=key, url="http://127.0.0.1:9/3")
    ask(BERGKRISTALL, Film(8, "Fight Club", 1999, None, None), key=key)
    assert key not in caplog.text + "".join(messages)
    kept = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) == 3
    assert key not in "".join(kept)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("{", "not valid JSON"),
        ('{"answer": {"tmdb_id": "x"}}', "not an answer of TMDB as it is kept; delete the file$"),
        ("{}", "not an answer of TMDB as it is kept; delete the file$"),
    ],
)
def test_a_damaged_kept_answer_is_named(ask, tmp_path: Path, damage: str, problem: str) -> None:
    ask(MANY[0])
    (tmp_path / "movie/1000.json").write_text(damage)
    with pytest.raises(UserError, match=rf"movie/1000\.json: {problem}"):
        ask(MANY[0])


def test_a_stranger_that_knows_no_film_is_not_believed(tmdb: TmdbServer, ask) -> None:
    tmdb.faults = [Fault(404, b"<html>Not found</html>")]
    with pytest.raises(UserError, match="answered 404"):
        ask(MANY[0])
    assert ask(MANY[0])[0].tmdb_id == 1000


def test_a_wrong_address_is_one_clear_error(ask) -> None:
    with pytest.raises(UserError, match="is tmdb_base_url right"):
        ask(MANY[0], url="no-address")
