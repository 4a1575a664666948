"""Who may call what: every address of the API, by everybody. A new one without an entry here fails.

An entry says what anonymous visitors, guests, users and admins get. `other` stands for a second user with data of
their own: nobody's call may change or show it.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from browser import PASSWORD, Browser

WHO = ("anonymous", "guest", "user", "admin")


@dataclass
class Call:
    """The status that each of WHO gets for a valid request, and its body."""

    statuses: tuple[int, int, int, int]
    json: Any = None
    file: bytes | None = None
    names_all: bool = False


def everybody(status: int = 200, **call: Any) -> Call:
    return Call((status,) * 4, **call)


def viewers(status: int = 200, **call: Any) -> Call:
    return Call((401, status, status, status), **call)


def users(status: int = 200, **call: Any) -> Call:
    return Call((401, 403, status, status), **call)


def admins(status: int = 200, **call: Any) -> Call:
    return Call((401, 403, 403, status), **call)


RATING = b"userId,movieId,rating,timestamp\n1,2,4.0,100\n"
SHOWN = {"release_id": "a" * 12, "events": [{"kind": "impression", "row": "for_you"}]}

MATRIX: dict[str, Call] = {
    "GET /api/health": everybody(),
    "GET /api/ready": everybody(),
    "GET /api/release": everybody(),
    "GET /api/progress": everybody(),
    "GET /api/metrics": everybody(),
    "GET /api/openapi.json": everybody(),
    "GET /api/docs": everybody(),
    "GET /api/docs/docs.js": everybody(),
    "GET /": everybody(),
    "GET /any/page": everybody(),
    "GET /api/movies/1": everybody(),
    "GET /api/movies/1/similar": everybody(),
    "GET /api/movies/popular": everybody(),
    "GET /api/genres": everybody(),
    "GET /api/search?q=toy&mode=title": everybody(),
    "GET /api/posters/99999": everybody(404),  # a film without a poster: nothing is fetched
    "GET /api/personas": everybody(),
    "GET /api/personas/1/history": everybody(),
    "GET /api/personas/1/recommendations": everybody(),
    "GET /api/me": everybody(),
    "POST /api/session/guest": Call((201, 409, 409, 409)),
    "POST /api/session": everybody(json={"name": "extra", "password": PASSWORD}),
    "DELETE /api/session": viewers(204),
    "POST /api/accounts": Call((201, 409, 409, 409), json={"name": "newcomer", "password": PASSWORD}),
    "DELETE /api/me": Call((401, 204, 204, 409), json={"password": PASSWORD}),  # the last admin stays
    "DELETE /api/me/sessions": users(204),
    "POST /api/me/password": users(json={"password": PASSWORD, "new_password": "another " + PASSWORD}),
    "POST /api/password-reset": everybody(403, json={"token": "none such", "password": PASSWORD}),
    "GET /api/me/ratings": viewers(),
    "POST /api/me/ratings": viewers(201, json={"movie_id": 1, "rating": 4}),
    "DELETE /api/me/ratings/32": viewers(204),
    "GET /api/me/watchlist": viewers(),
    "POST /api/me/watchlist": viewers(201, json={"movie_id": 1}),
    "DELETE /api/me/watchlist/50": viewers(204),
    "GET /api/me/recommendations": viewers(),
    "GET /api/me/home": viewers(),
    "POST /api/me/import?commit=true": viewers(file=RATING),
    "GET /api/me/export": viewers(),
    "POST /api/events": viewers(204, json=SHOWN),
    "GET /api/admin/releases": admins(),
    "POST /api/admin/activate": admins(409, json={"release_id": "0" * 12}),  # allowed, but there is none such
    "POST /api/admin/rollback": admins(409),  # allowed, but there is none to go back to
    "GET /api/admin/accounts": admins(names_all=True),
    "POST /api/admin/accounts/lock": admins(204, json={"name": "extra"}),
    "POST /api/admin/accounts/unlock": admins(204, json={"name": "extra"}),
    "POST /api/admin/accounts/revoke-admin": admins(204, json={"name": "extra"}),
    "POST /api/admin/accounts/reset-link": admins(201, json={"name": "extra"}),
    "DELETE /api/admin/accounts": admins(204, json={"name": "extra"}),
    "GET /api/admin/click-through": admins(),
    "GET /api/admin/pipeline": admins(),
}


def test_every_address_of_the_app_has_an_entry(app: APIFlask):
    adapter = app.url_map.bind("localhost")
    covered = set()
    for name in MATRIX:
        method, path = name.split(" ")
        rule, _ = adapter.match(path.partition("?")[0], method=method, return_rule=True)
        covered.add((method, rule.rule))
    known = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert known == covered


@pytest.fixture
def cast(app: APIFlask, services: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Browser]:
    """Everybody of WHO and `other`, each with a rating and a film on the watchlist."""
    monkeypatch.chdir(tmp_path)  # no pipeline beside the server: its status is not asked for
    people = {name: Browser(app.test_client()) for name in (*WHO, "other")}
    services.accounts.register("extra", PASSWORD, None)
    people["guest"].post("/session/guest")
    people["user"].post("/accounts", {"name": "ursula", "password": PASSWORD})
    people["other"].post("/accounts", {"name": "otto", "password": PASSWORD})
    services.administration.create_admin("ada", PASSWORD)
    people["admin"].post("/session", {"name": "ada", "password": PASSWORD})
    for name in ("guest", "user", "other", "admin"):
        people[name].rate(m32=4)
        people[name].post("/me/watchlist", {"movie_id": 50})
    return people


@pytest.mark.parametrize("name", MATRIX)
def test_everybody_gets_what_the_matrix_says_and_nobody_reaches_the_other(
    cast: dict[str, Browser], name: str
):
    method, path = name.split(" ")
    call = MATRIX[name]
    before = _belongings(cast["other"])
    for who, expected in zip(WHO, call.statuses, strict=True):
        body: dict[str, Any] = {"json": call.json}
        if call.file:
            body = {"data": {"file": (io.BytesIO(call.file), "r.csv")}, "content_type": "multipart/form-data"}
        browser = cast[who]
        browser.me()
        headers = {"X-CSRF-Token": browser.csrf_token}
        answer = browser.client.open(path, method=method, headers=headers, **body)
        assert answer.status_code == expected, f"{who}: {answer.text}"
        assert "otto" not in answer.text or (call.names_all and who == "admin")
    assert _belongings(cast["other"]) == before


def _belongings(browser: Browser) -> tuple[object, ...]:
    export = browser.get("/me/export").json
    return export["name"], export["ratings"], export["watchlist"]


def test_a_user_sees_their_own_data_and_not_the_others(cast: dict[str, Browser]):
    cast["user"].rate(m1=1)
    for who, films in (("user", [1, 32]), ("other", [32])):
        rated = [item["movie"]["movie_id"] for item in cast[who].get("/me/ratings").json["items"]]
        taken = [item["movie_id"] for item in cast[who].get("/me/export").json["ratings"]]
        assert rated == taken == films
