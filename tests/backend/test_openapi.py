"""The OpenAPI document is true: every operation, called with all sorts of data, answers as it says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import tiny
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case

from movie_genie.backend.services import KEY, Services
from movie_genie.backend.session import COOKIE, HEADER, csrf_token
from movie_genie.backend.tables import viewers

BUDGET = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,  # CI fails for what changed, not by luck
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def prepared(make_app: Callable[[], APIFlask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> APIFlask:
    """An app whose posters are all there and that has no pipeline beside it: it asks nobody else."""
    posters = tmp_path / "run/posters"
    posters.mkdir(parents=True)
    for film in tiny.FILMS:
        (posters / f"{film.movie_id}.jpg").write_bytes(b"\xff\xd8\xff a picture")
    monkeypatch.chdir(tmp_path)
    return make_app()


@pytest.fixture
def api(prepared: APIFlask) -> Any:
    return schemathesis.openapi.from_wsgi("/api/openapi.json", prepared)


schema = schemathesis.pytest.from_fixture("api")


@pytest.mark.slow
@schema.parametrize()
@BUDGET
def test_every_operation_answers_as_documented(case: Case, prepared: APIFlask) -> None:
    """No 5xx, no undocumented status, type or shape; as a fresh admin each time, since some calls sign out."""
    services: Services = prepared.extensions[KEY]
    token = services.accounts.open_guest()
    with services.database.write() as connection:
        connection.execute(viewers.update().values(is_admin=True))
    case.call_and_validate(
        headers={HEADER: csrf_token(services.secret, token), "Cookie": f"{COOKIE}={token}"},
    )


def test_the_document_says_who_may_call_what(app: APIFlask):
    paths = app.test_client().get("/api/openapi.json").json["paths"]
    assert "security" not in paths["/api/movies/popular"]["get"]
    assert paths["/api/me/home"]["get"]["security"] == [{"session": []}]
    assert paths["/api/me/ratings"]["post"]["security"] == [{"session": [], "csrf": []}]
    assert {"401", "403"} <= set(paths["/api/admin/rollback"]["post"]["responses"])


def test_every_refusal_is_documented_as_a_problem(app: APIFlask):
    document = app.test_client().get("/api/openapi.json").json
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            refusals = {status for status in operation["responses"] if int(status) >= 400}
            assert "429" in refusals, (method, path)
            for status in refusals:
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
