"""What holds for every request: health, ids, errors, headers, hosts, and the web app's own pages."""

import os
import stat
from pathlib import Path

import pytest
from browser import Browser

from movie_genie.backend.errors import MIMETYPE
from movie_genie.backend.session import COOKIE


def test_health_names_the_code_that_runs(anonymous: Browser):
    answer = anonymous.get("/health").json
    assert answer["status"] == "ok"
    assert len(answer["code"]) == 12


def test_ready_and_release_name_the_release_in_service(anonymous: Browser, tiny_release: Path):
    ready = anonymous.get("/ready").json
    assert ready == {"status": "ready", "release_id": tiny_release.name, "worker": os.getpid(), "workers": 1}
    release = anonymous.get("/release").json
    assert release["release_id"] == tiny_release.name
    assert release["gate"]["passed"] is True
    assert release["metrics"]["leave_one_out_integrated_ndcg_at_10"] == 0.2


def test_without_a_release_the_api_says_503_and_the_page_what_is_going_on(make_app, tmp_path: Path):
    client = make_app(releases=tmp_path / "none").test_client()
    for path in ("/api/ready", "/api/release", "/api/movies/1", "/api/personas", "/api/search?q=x"):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert answer.json["type"] == "urn:problem:no-release"
        assert answer.headers["Retry-After"] == "10"
    page = client.get("/")
    assert page.status_code == 503
    assert "first training is under way" in page.text
    assert client.get("/api/health").status_code == 200


def test_a_problem_has_the_id_of_its_request(anonymous: Browser):
    answer = anonymous.get("/movies/123456789", headers={"X-Request-ID": "my-own-id-1"})
    assert answer.status_code == 404
    assert answer.mimetype == MIMETYPE
    assert answer.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "unknown film: 123456789",
        "request_id": "my-own-id-1",
    }
    assert answer.headers["X-Request-ID"] == "my-own-id-1"


@pytest.mark.parametrize("given", ["short", "with spaces in it", "x" * 65, "<script>alert(1)</script>"])
def test_a_strange_request_id_is_replaced(anonymous: Browser, given: str):
    answer = anonymous.get("/health", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] != given
    assert len(answer.headers["X-Request-ID"]) == 16


def test_wrong_parameters_are_named_one_by_one(anonymous: Browser):
    answer = anonymous.get("/personas?page=0&per_page=1000&colour=red")
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json["errors"]} == {"page", "per_page", "colour"}


def test_a_body_that_is_no_json_is_a_400(guest: Browser):
    answer = guest.client.post(
        "/api/me/ratings", data=b"{not json", headers={"X-CSRF-Token": guest.csrf_token}
    )
    assert (answer.status_code, answer.mimetype) == (400, MIMETYPE)


def test_an_error_of_ours_is_a_500_that_tells_nothing_of_the_inside(app, services, monkeypatch):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(services, "presenter", lambda: 1 / 0)
    answer = app.test_client().get("/api/genres")
    assert (answer.status_code, answer.mimetype) == (500, MIMETYPE)
    assert "division" not in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/api/health", "/api/movies/123456789", "/api/docs", "/assets/nothing.js"]
)
def test_every_answer_carries_the_security_headers(app, path: str):
    headers = app.test_client().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


def test_tls_is_insisted_on_once_it_is_there(app):
    client = app.test_client()
    assert "Strict-Transport-Security" not in client.get("/api/health").headers
    assert "Strict-Transport-Security" in client.get("/api/health", base_url="https://localhost").headers


def test_a_host_that_was_not_named_is_refused(make_app):
    client = make_app(trusted_hosts="films.example, .inner.example").test_client()
    for host, status in {
        "localhost": 200,
        "127.0.0.1:5001": 200,
        "films.example": 200,
        "a.inner.example": 200,
        "evil.example": 400,
    }.items():
        assert client.get("/api/health", headers={"Host": host}).status_code == status, host


def test_answers_of_the_api_are_not_kept_by_caches(anonymous: Browser):
    assert anonymous.get("/me").headers["Cache-Control"] == "no-store"


def test_only_a_named_origin_may_call_from_elsewhere(make_app):
    client = make_app(cors_origins="https://films.example").test_client()
    allowed = client.get("/api/health", headers={"Origin": "https://films.example"}).headers
    assert allowed["Access-Control-Allow-Origin"] == "https://films.example"
    refused = client.get("/api/health", headers={"Origin": "https://evil.example"}).headers
    assert "Access-Control-Allow-Origin" not in refused


def test_a_named_origin_is_no_pattern(make_app):
    client = make_app(cors_origins="http://[::1]:5173,https://films.example").test_client()
    for origin, allowed in {
        "http://[::1]:5173": True,
        "https://films.example": True,
        "https://films.example.evil.example": False,
        "https://filmsXexample": False,
        "http://:": False,
        "http://1:5173": False,
        "null": False,
    }.items():
        headers = client.get("/api/health", headers={"Origin": origin}).headers
        assert headers.get("Access-Control-Allow-Origin") == (origin if allowed else None), origin


def test_a_damaged_database_is_a_503_and_one_line_in_the_log(make_app, tmp_path: Path, capfd):
    app = make_app()
    app.extensions["movie_genie"].database.close()
    for file in (tmp_path / "run").glob("movie_genie.db*"):
        file.write_bytes(b"no database at all" * 1000)
    browser = Browser(app.test_client())
    browser.me()
    answers = [browser.post("/session/guest")]
    browser.client.set_cookie(COOKIE, "a token")
    answers.append(browser.get("/me"))
    assert [(answer.status_code, answer.mimetype) for answer in answers] == [(503, MIMETYPE)] * 2
    logged = capfd.readouterr().err
    assert "file is not a database" in logged
    assert "Traceback" not in logged


def test_the_run_folder_is_its_owners_alone(make_app, tmp_path: Path):
    """One of a former program, which everybody could read, is closed too."""
    run = tmp_path / "run"
    run.mkdir()
    run.chmod(0o755)
    before = os.umask(0)
    try:
        make_app()
    finally:
        os.umask(before)
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    files = [path for path in run.rglob("*") if path.is_file()]
    assert run / "movie_genie.db" in files and run / "secret_key" in files
    assert {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files} == {
        path.name: 0 for path in files
    }


def test_one_client_cannot_ask_without_end(make_app):
    client = make_app(rate_limit="3 per minute").test_client()
    statuses = [client.get("/api/genres").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert int(client.get("/api/genres").headers["Retry-After"]) <= 60
    elsewhere = client.get("/api/genres", environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert elsewhere.status_code == 200
    assert client.get("/").status_code == 200  # the web app's files are not counted


def test_a_customers_ipv6_addresses_count_as_one(make_app):
    """Each has more of them than limits could hold."""
    client = make_app(rate_limit="2 per minute").test_client()

    def status_from(address: str) -> int:
        return client.get("/api/genres", environ_base={"REMOTE_ADDR": address}).status_code

    addresses = ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:1:abcd::3", "2001:db8:0:2::1")
    assert [status_from(address) for address in addresses] == [200, 200, 429, 200]
    # the same address, as a socket that takes both kinds names it
    assert [status_from(address) for address in ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7")] == [
        200,
        200,
        429,
    ]


def test_behind_a_proxy_the_client_is_the_one_that_the_proxy_names(make_app):
    client = make_app(rate_limit="1 per minute", trusted_proxies=1).test_client()
    for address, status in (("10.0.0.1", 200), ("10.0.0.2", 200), ("10.0.0.1", 429)):
        answer = client.get("/api/genres", headers={"X-Forwarded-For": f"6.6.6.6, {address}"})
        assert answer.status_code == status


def test_metrics_count_requests_by_route_and_not_by_address(make_app):
    client = make_app().test_client()
    for film in (1, 50):
        client.get(f"/api/movies/{film}")
    text = client.get("/api/metrics").text
    counted = (
        'movie_genie_request_seconds_count{method="GET",route="/api/movies/<int:movie_id>",status="200"} 2.0'
    )
    assert counted in text


def test_an_invented_method_makes_no_new_series(app):
    client = app.test_client()
    client.open("/api/health", method="XYZZY")
    assert "XYZZY" not in client.get("/api/metrics").text


def test_the_web_app_answers_every_path_that_is_its_own(app):
    client = app.test_client()
    for path in ("/", "/movies/1", "/deep/er/path", "/index.html"):
        page = client.get(path)
        assert page.status_code == 200
        assert "Movie Genie" in page.text
        assert page.headers["Cache-Control"] == "no-cache, max-age=0", path


def test_hashed_files_are_kept_for_a_year_and_missing_ones_are_no_page(app):
    client = app.test_client()
    asset = client.get("/assets/index-abc123.js")
    assert asset.status_code == 200
    assert "immutable" in asset.headers["Cache-Control"]
    assert "max-age=31536000" in asset.headers["Cache-Control"]
    assert client.get("/assets/index-other.js").status_code == 404


@pytest.mark.parametrize(
    "path", ["/assets/..%2findex.html", "/assets/a/..%2f..%2findex.html", "/assets/%2e%2e/index.html"]
)
def test_a_page_that_changes_is_not_kept_for_a_year_by_a_name_among_the_hashed_files(app, path: str):
    answer = app.test_client().get(path)
    assert answer.status_code == 404
    assert "immutable" not in answer.headers["Cache-Control"]


def test_an_unknown_api_address_is_a_problem_and_no_page(app):
    answer = app.test_client().get("/api/nonsense")
    assert (answer.status_code, answer.mimetype) == (404, MIMETYPE)


@pytest.mark.parametrize(
    "path", ["/../manifest.json", "/%2e%2e/manifest.json", "/assets/../../manifest.json"]
)
def test_nothing_beside_the_web_app_is_served(app, path: str):
    assert "release_id" not in app.test_client().get(path).text


def test_the_page_to_try_the_api_needs_nothing_from_elsewhere(app):
    client = app.test_client()
    page = client.get("/api/docs").text
    assert "http" not in page.replace("https://", "http").replace("/api/", "") or "://" not in page
    for path in ("/api/docs/docs.js", "/api/docs/page.css"):
        assert path in page
        assert client.get(path).status_code == 200
    assert client.get("/api/docs/no_release.html").status_code == 404
