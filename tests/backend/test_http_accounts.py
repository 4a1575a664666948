"""Guests, accounts and sessions: who is who, and that nobody is taken for another."""

import time

import pytest
from argon2 import PasswordHasher, extract_parameters
from browser import PASSWORD, Browser

from movie_genie.backend.accounts import Accounts
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.session import COOKIE


def test_a_visitor_is_anonymous_and_gets_a_csrf_token(anonymous: Browser):
    me = anonymous.me()
    assert (me["kind"], me["name"], me["is_admin"], me["ratings_count"]) == ("anonymous", None, False, 0)
    assert len(me["csrf_token"]) == 64


def test_a_guest_becomes_an_account_and_keeps_their_ratings(guest: Browser):
    guest.rate(m1=5, m50=3.5)
    before = guest.client.get_cookie(COOKIE).value
    made = guest.post("/accounts", {"name": "gerda", "password": PASSWORD})
    assert made.status_code == 201
    assert (made.json["kind"], made.json["name"], made.json["ratings_count"]) == ("user", "gerda", 2)
    assert guest.get("/me/ratings").json["total"] == 2
    assert guest.client.get_cookie(COOKIE).value != before  # a token from before the sign-up opens nothing
    guest.client.set_cookie(COOKIE, before)
    assert guest.get("/me").json["kind"] == "anonymous"


def test_signing_in_brings_a_guests_ratings_along_but_keeps_the_accounts_own(app, user: Browser):
    user.rate(m1=5)
    guest = Browser(app.test_client())
    guest.post("/session/guest")
    guest.rate(m1=1, m50=4)
    guest.post("/me/watchlist", {"movie_id": 32})
    me = guest.post("/session", {"name": "ursula", "password": PASSWORD}).json
    assert (me["name"], me["ratings_count"]) == ("ursula", 2)
    ratings = {item["movie"]["movie_id"]: item["rating"] for item in guest.get("/me/ratings").json["items"]}
    assert ratings == {1: 5, 50: 4}
    assert len(user.get("/me/watchlist").json["items"]) == 1


def test_signing_out_ends_the_session_for_good(user: Browser):
    token = user.client.get_cookie(COOKIE).value
    assert user.delete("/session").status_code == 204
    assert user.client.get_cookie(COOKIE) is None
    user.client.set_cookie(COOKIE, token)
    assert user.get("/me/ratings").status_code == 401


def test_an_expired_session_recognises_nobody(user: Browser, monkeypatch):
    later = time.time_ns() + 91 * 24 * 3600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: later)
    assert user.get("/me").json["kind"] == "anonymous"


def test_names_that_differ_by_case_are_one(user: Browser, anonymous: Browser):
    for name in ("ursula", "URSULA"):
        taken = anonymous.post("/accounts", {"name": name, "password": PASSWORD})
        assert (taken.status_code, taken.json["type"]) == (409, "urn:problem:name-taken")
    signed_in = anonymous.post("/session", {"name": "Ursula", "password": PASSWORD})
    assert signed_in.json["name"] == "ursula"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ab", PASSWORD),
        ("a" * 33, PASSWORD),
        ("a b c", PASSWORD),
        ("<b>bob</b>", PASSWORD),
        ("ursulа", PASSWORD),
        ("bob", "short"),
    ],
)
def test_names_and_passwords_have_a_shape(anonymous: Browser, name: str, password: str):
    assert anonymous.post("/accounts", {"name": name, "password": password}).status_code == 422


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(
    user: Browser, anonymous: Browser, monkeypatch
):
    """In words, and in time: each verifies one hash of the same strength."""
    verified = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher,
        "verify",
        lambda self, kept, given: verified.append(extract_parameters(kept)) or verify(self, kept, given),
    )
    answers = [
        anonymous.post("/session", {"name": name, "password": "wrong password"})
        for name in ("ursula", "nobody")
    ]
    known, unknown = (dict(answer.json, request_id="") for answer in answers)
    assert known == unknown
    assert [answer.status_code for answer in answers] == [401, 401]
    assert len(verified) == 2
    assert (verified[0].time_cost, verified[0].memory_cost) == (
        verified[1].time_cost,
        verified[1].memory_cost,
    )


def test_a_user_cannot_make_a_second_account_in_one_session(user: Browser):
    again = user.post("/accounts", {"name": "second", "password": PASSWORD})
    assert (again.status_code, again.json["type"]) == (409, "urn:problem:session-exists")
    assert user.post("/session/guest").status_code == 409


def test_sign_in_is_limited_by_client_and_name_so_that_nobody_keeps_another_out(app, user: Browser):
    def try_from(address: str, name: str = "ursula", password: str = "wrong password") -> int:
        client = app.test_client()
        browser = Browser(client)
        client.environ_base["REMOTE_ADDR"] = address
        return browser.post("/session", {"name": name, "password": password}).status_code

    assert [try_from("10.0.0.1") for _ in range(11)] == [401] * 10 + [429]
    assert try_from("10.0.0.1", "URSULA") == 429
    assert (
        try_from("10.0.0.2", password=PASSWORD) == 200
    )  # whoever knows the name has not locked its owner out
    assert [try_from("10.0.0.1", f"name{number}") for number in range(19)] == [401] * 18 + [429]
    assert try_from("10.0.0.2", "other") == 401


def test_a_changed_password_ends_every_other_session(app, user: Browser):
    elsewhere = Browser(app.test_client())
    elsewhere.post("/session", {"name": "ursula", "password": PASSWORD})
    before = user.client.get_cookie(COOKIE).value
    wrong = user.post("/me/password", {"password": "wrong password", "new_password": "a new password"})
    assert (wrong.status_code, elsewhere.me()["kind"]) == (403, "user")
    changed = user.post("/me/password", {"password": PASSWORD, "new_password": "a new password"})
    assert (changed.status_code, changed.json["name"]) == (200, "ursula")
    assert elsewhere.me()["kind"] == "anonymous"
    assert user.me()["kind"] == "user"
    assert user.client.get_cookie(COOKIE).value != before
    for password, status in ((PASSWORD, 401), ("a new password", 200)):
        assert elsewhere.post("/session", {"name": "ursula", "password": password}).status_code == status
    weak = user.post("/me/password", {"password": "a new password", "new_password": "short"})
    assert weak.status_code == 422


def test_signing_out_everywhere_ends_every_session(app, user: Browser, other: Browser):
    elsewhere = Browser(app.test_client())
    elsewhere.post("/session", {"name": "ursula", "password": PASSWORD})
    token = user.client.get_cookie(COOKIE).value
    assert user.delete("/me/sessions").status_code == 204
    user.client.set_cookie(COOKIE, token)
    assert [browser.me()["kind"] for browser in (user, elsewhere, other)] == [
        "anonymous",
        "anonymous",
        "user",
    ]


def test_a_guest_has_neither_password_nor_other_sessions(guest: Browser):
    for answer in (
        guest.delete("/me/sessions"),
        guest.post("/me/password", {"password": "", "new_password": "a new password"}),
    ):
        assert (answer.status_code, answer.json["type"]) == (403, "urn:problem:no-account")
    assert guest.me()["kind"] == "guest"


def later(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    moment = time.time_ns() + int(days * 24 * 3600 * 10**9)
    monkeypatch.setattr(time, "time_ns", lambda: moment)


def test_a_session_in_use_goes_on_and_one_that_is_not_ends(user: Browser, other: Browser, monkeypatch):
    for _ in range(3):
        later(monkeypatch, 60)
        assert user.me()["kind"] == "user"
    assert other.me()["kind"] == "anonymous"


def test_a_session_is_renewed_once_a_day_with_its_cookie(user: Browser, monkeypatch):
    assert "Set-Cookie" not in user.get("/me").headers
    later(monkeypatch, 1.1)
    renewed = user.get("/me/home").headers["Set-Cookie"]
    assert f"{COOKIE}={user.client.get_cookie(COOKIE).value};" in renewed
    assert "Max-Age=7776000" in renewed
    assert "Set-Cookie" not in user.get("/me/home").headers


def test_signing_out_leaves_no_cookie_though_the_session_was_due_for_renewal(user: Browser, monkeypatch):
    later(monkeypatch, 1.1)
    assert user.delete("/session").status_code == 204
    assert user.client.get_cookie(COOKIE) is None


def test_a_sign_in_that_a_password_change_overtakes_opens_nothing(user: Browser, services, monkeypatch):
    """The password was right when it was verified, and is not any more when the session would begin."""
    verify = Accounts._verify

    def overtaken(accounts: Accounts, name: str, password: str) -> object:
        known = verify(accounts, name, password)
        services.administration.set_password("ursula", "a new password")
        return known

    monkeypatch.setattr(Accounts, "_verify", overtaken)
    with pytest.raises(ProblemError) as refused:
        services.accounts.sign_in("ursula", PASSWORD, None)
    assert refused.value.status_code == 401


def test_deleting_an_account_takes_all_its_data_along(user: Browser, services):
    user.rate(m1=5)
    user.post("/me/watchlist", {"movie_id": 50})
    user.post("/events", {"release_id": "0" * 12, "events": [{"kind": "click", "row": "for_you"}]})
    wrong = user.delete("/me", {"password": "wrong password"})
    assert wrong.status_code == 403
    assert user.get("/me/ratings").json["total"] == 1
    assert user.delete("/me", {"password": PASSWORD}).status_code == 204
    assert user.get("/me/ratings").status_code == 401
    with services.database.read() as connection:
        for table in ("viewers", "sessions", "ratings", "watchlist", "events"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0, table


def test_a_guest_leaves_without_a_password(guest: Browser):
    guest.rate(m1=5)
    assert guest.delete("/me", {"password": ""}).status_code == 204


def test_what_a_stale_tab_does_to_a_guest_is_not_done_to_the_account_they_became(services):
    """Both requests had recognised the guest before the third made an account of them."""
    accounts = services.accounts
    guest = accounts.recognise(accounts.open_guest())
    accounts.register("ursula", PASSWORD, None)
    accounts.register("bob", PASSWORD, guest)
    for stale in (lambda: accounts.delete(guest, ""), lambda: accounts.sign_in("ursula", PASSWORD, guest)):
        with pytest.raises(ProblemError) as refused:
            stale()
        assert (refused.value.status_code, refused.value.kind) == (409, "stale-session")
    assert services.administration.has_name("bob")


def test_nobody_leaves_by_a_request_that_says_nothing(guest: Browser):
    guest.rate(m1=5)
    assert guest.delete("/me", {}).status_code == 422
    assert guest.delete("/me", data="null", content_type="application/json").status_code == 422
    assert guest.get("/me/ratings").json["total"] == 1


def test_a_viewer_id_is_never_given_twice(guest: Browser, app, services):
    guest.delete("/me", {"password": ""})
    again = Browser(app.test_client())
    again.post("/session/guest")
    with services.database.read() as connection:
        assert connection.exec_driver_sql("SELECT id FROM viewers").scalars().all() == [2]


def test_passwords_and_tokens_are_not_in_the_database(user: Browser, services):
    token = user.client.get_cookie(COOKIE).value
    with services.database.read() as connection:
        hashed = connection.exec_driver_sql("SELECT password_hash FROM viewers").scalar()
        kept = connection.exec_driver_sql("SELECT token_hash FROM sessions").scalars().all()
    assert hashed.startswith("$argon2id$")
    assert PASSWORD not in hashed
    assert token not in kept


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app):
    header = app.test_client().get("/api/me").headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Secure" not in header
    assert "Secure" in app.test_client().get("/api/me", base_url="https://localhost").headers["Set-Cookie"]


def test_in_production_the_cookie_needs_tls(make_app):
    app = make_app(environment="production", secret_key="8f3b1c7e2a9d4f60b5c8e1a7d2f9306c")
    assert "Secure" in app.test_client().get("/api/me").headers["Set-Cookie"]


@pytest.mark.parametrize("given", [None, "", "0" * 64, "not a token"])
def test_nothing_changes_without_the_csrf_token(user: Browser, given: str | None):
    headers = {} if given is None else {"X-CSRF-Token": given}
    answer = user.client.post("/api/me/ratings", json={"movie_id": 1, "rating": 5}, headers=headers)
    assert (answer.status_code, answer.json["type"]) == (403, "urn:problem:csrf")
    assert user.get("/me/ratings").json["total"] == 0


def test_anothers_csrf_token_opens_nothing(user: Browser, other: Browser):
    answer = user.client.post(
        "/api/me/ratings", json={"movie_id": 1, "rating": 5}, headers={"X-CSRF-Token": other.csrf_token}
    )
    assert answer.status_code == 403


def test_a_sign_in_from_a_foreign_page_is_refused(user: Browser, app):
    """Without a token bound to a cookie of ours, a visitor could be signed in to the attacker's account."""
    answer = app.test_client().post("/api/session", json={"name": "ursula", "password": PASSWORD})
    assert (answer.status_code, answer.json["type"]) == (403, "urn:problem:csrf")


def test_a_session_whose_viewer_is_deleted_meanwhile_is_a_conflict_and_no_crash(
    user: Browser, services, monkeypatch
):
    """The viewer is recognised, and gone when their rating is written."""
    feedback = services.feedback
    original = feedback.rate

    def gone_before(viewer_id: int, *rest: object) -> object:
        with services.database.write() as connection:
            connection.exec_driver_sql("DELETE FROM viewers")
        return original(viewer_id, *rest)

    monkeypatch.setattr(feedback, "rate", gone_before)
    answer = user.post("/me/ratings", {"movie_id": 1, "rating": 5})
    assert answer.status_code == 409


def test_a_guest_who_signs_out_goes_with_all_their_data(guest: Browser, services):
    guest.post("/me/ratings", {"movie_id": 1, "rating": 5})
    assert guest.delete("/session").status_code == 204
    with services.database.read() as connection:
        for table in ("viewers WHERE name IS NULL", "ratings", "sessions"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0
