"""What admins do about accounts: list, lock, revoke, delete, and give a way back to who forgot the password."""

import time

import pytest
from browser import PASSWORD, Browser

from movie_genie.backend.session import COOKIE


def sign_in(app, name: str, password: str = PASSWORD):
    return Browser(app.test_client()).post("/session", {"name": name, "password": password})


def test_accounts_are_listed_by_name_in_pages(admin: Browser, user: Browser, other: Browser, guest: Browser):
    user.rate(m1=5)
    listed = admin.get("/admin/accounts").json
    shown = [(item["name"], item["is_admin"], item["ratings_count"]) for item in listed["items"]]
    assert shown == [("ada", True, 0), ("otto", False, 0), ("ursula", False, 1)]
    assert listed["total"] == 3
    second = admin.get("/admin/accounts?per_page=2&page=2").json
    assert [item["name"] for item in second["items"]] == ["ursula"]
    assert [item["name"] for item in admin.get("/admin/accounts?name=TT").json["items"]] == ["otto"]
    assert admin.get("/admin/accounts?name=%25").json["total"] == 0


def test_a_locked_account_is_out_at_once_until_it_is_unlocked(app, admin: Browser, user: Browser):
    user.rate(m1=5)
    assert admin.post("/admin/accounts/lock", {"name": "ursula"}).status_code == 204
    assert user.me()["kind"] == "anonymous"
    locked = sign_in(app, "ursula")
    assert (locked.status_code, locked.json["type"]) == (403, "urn:problem:locked")
    # Who does not know the password is not told either.
    assert sign_in(app, "ursula", "wrong password").status_code == 401
    assert [item["locked"] for item in admin.get("/admin/accounts?name=ursula").json["items"]] == [True]
    assert admin.post("/admin/accounts/unlock", {"name": "ursula"}).status_code == 204
    assert user.me()["kind"] == "anonymous"
    assert sign_in(app, "ursula").json["ratings_count"] == 1


def test_an_admin_whose_rights_are_revoked_is_none_from_then_on(app, admin: Browser, services):
    services.administration.create_admin("adam", PASSWORD)
    second = Browser(app.test_client())
    second.post("/session", {"name": "adam", "password": PASSWORD})
    assert second.get("/admin/accounts").status_code == 200
    assert admin.post("/admin/accounts/revoke-admin", {"name": "adam"}).status_code == 204
    assert second.get("/admin/accounts").status_code == 403
    assert second.me()["is_admin"] is False


@pytest.mark.parametrize("path", ["lock", "revoke-admin", ""])
def test_the_last_admin_who_can_sign_in_stays(admin: Browser, services, path: str):
    services.administration.create_admin("adam", PASSWORD)
    services.administration.lock("adam")
    call = admin.post if path else admin.delete
    refused = call(f"/admin/accounts/{path}".rstrip("/"), {"name": "ada"})
    assert (refused.status_code, refused.json["type"]) == (409, "urn:problem:last-admin")
    assert admin.me()["is_admin"] is True


def test_the_last_admin_cannot_leave_and_one_of_two_can(admin: Browser, services):
    services.administration.create_admin("adam", PASSWORD)
    services.administration.lock("adam")
    refused = admin.delete("/me", {"password": PASSWORD})
    assert (refused.status_code, refused.json["type"]) == (409, "urn:problem:last-admin")
    services.administration.unlock("adam")
    assert admin.delete("/me", {"password": PASSWORD}).status_code == 204
    assert services.administration.has_admin()


def test_no_name_holds_what_a_database_cannot(admin: Browser):
    assert admin.get("/admin/accounts?name=%00").status_code == 422


def test_a_deleted_account_goes_with_its_data(app, admin: Browser, user: Browser, services):
    user.rate(m1=5)
    services.administration.reset_link("ursula")
    assert admin.delete("/admin/accounts", {"name": "Ursula"}).status_code == 204
    assert sign_in(app, "ursula").status_code == 401
    with services.database.read() as connection:
        for table in ("ratings", "password_resets"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0, table


def link(admin: Browser) -> str:
    made = admin.post("/admin/accounts/reset-link", {"name": "ursula"})
    assert made.status_code == 201
    return made.json["token"]


def use(app, token: str, password: str = "a new password"):
    return Browser(app.test_client()).post("/password-reset", {"token": token, "password": password})


def test_a_link_sets_the_password_once(app, admin: Browser, user: Browser, services):
    token = link(admin)
    with services.database.read() as connection:
        assert (
            token not in connection.exec_driver_sql("SELECT token_hash FROM password_resets").scalars().all()
        )
    assert use(app, token, "short").status_code == 422
    assert use(app, token).status_code == 204
    assert user.me()["kind"] == "anonymous"
    assert sign_in(app, "ursula").status_code == 401
    assert sign_in(app, "ursula", "a new password").status_code == 200
    again = use(app, token, "yet another password")
    assert (again.status_code, again.json["type"]) == (403, "urn:problem:no-such-link")
    assert sign_in(app, "ursula", "a new password").status_code == 200


def test_a_link_that_is_old_or_replaced_or_overtaken_opens_nothing(
    app, admin: Browser, user: Browser, monkeypatch: pytest.MonkeyPatch
):
    replaced, overtaken = link(admin), link(admin)
    assert use(app, replaced).status_code == 403
    user.post("/me/password", {"password": PASSWORD, "new_password": "a password of hers"})
    assert use(app, overtaken).status_code == 403
    old, moment = link(admin), time.time_ns() + 25 * 3600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: moment)
    assert use(app, old).status_code == 403
    assert sign_in(app, "ursula", "a password of hers").status_code == 200


def test_tokens_of_links_cannot_be_tried_without_end(app):
    assert [use(app, f"guess {number}").status_code for number in range(11)] == [403] * 10 + [429]


def test_an_unknown_name_is_said(admin: Browser):
    for path in ("lock", "unlock", "revoke-admin", "reset-link"):
        assert admin.post(f"/admin/accounts/{path}", {"name": "nobody"}).status_code == 404, path
    assert admin.delete("/admin/accounts", {"name": "nobody"}).status_code == 404


def test_the_log_says_what_was_done_and_holds_no_number_and_no_token(make_app, capfd):
    app = make_app()
    services = app.extensions["movie_genie"]
    with services.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES ('viewers', 7654320)")
    services.administration.create_admin("ada", PASSWORD)
    admin, user = Browser(app.test_client()), Browser(app.test_client())
    admin.post("/session", {"name": "ada", "password": PASSWORD})
    user.post("/accounts", {"name": "ursula", "password": PASSWORD})
    token = link(admin)
    use(app, token)
    admin.post("/admin/accounts/lock", {"name": "ursula"})
    admin.delete("/admin/accounts", {"name": "ursula"})
    logged = capfd.readouterr().err
    done = [line for line in logged.splitlines() if "admin action" in line]
    for line, action in zip(done, ("make a reset link", "lock", "delete"), strict=True):
        assert action in line and "ursula" in line and "ada" in line
    for hidden in ("765432", token, PASSWORD, "a new password", admin.client.get_cookie(COOKIE).value):
        assert hidden not in logged
