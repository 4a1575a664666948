"""The OpenAPI document is true: every operation, called with all sorts of data, answers as it says."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import schemathesis
import tiny
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from movie_genie.backend.openapi import _each_schema_once
from movie_genie.backend.services import KEY, Services
from movie_genie.backend.session import COOKIE, HEADER, csrf_token
from movie_genie.backend.tables import viewers

NOT_IN_THE_SCHEMA = {"POST /api/me/import": [positive_data_acceptance]}
"""What the document cannot say: which bytes are an export of ratings."""

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


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_answers_as_documented(prepared: APIFlask, mode: GenerationMode) -> None:
    """No 5xx, no undocumented status, type or shape; as a fresh admin each time, since some calls sign out."""
    services: Services = prepared.extensions[KEY]
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", prepared)
    wrong, called = mode is GenerationMode.NEGATIVE, []
    for found in document.get_all_operations():
        operation = found.ok()
        if wrong and not (operation.query or operation.path_parameters or operation.body):
            continue  # nothing is sent that could be wrong

        @BUDGET
        @given(
            case=operation.as_strategy(generation_mode=mode),
            known=st.sampled_from([{}, {"movie_id": 1}, {"movie_id": 99999}]),
        )
        def answers_as_documented(case: Case, known: dict[str, int]) -> None:
            token = services.accounts.open_guest()
            with services.database.write() as connection:
                connection.execute(viewers.update().values(is_admin=True))
            case.cookies = {COOKIE: token}
            case.headers[HEADER] = csrf_token(services.secret, token)
            if known and not wrong:
                _name_what_is_there(case, {**known, "persona_id": 1})
            services.limits.own.reset()
            excluded = NOT_IN_THE_SCHEMA.get(case.operation.label, [])
            if wrong:
                excluded = [*excluded, ignored_auth]  # wrong tokens were replaced by right ones above
            case.call_and_validate(excluded_checks=excluded)

        answers_as_documented()
        called.append(operation.label)
    assert len(called) > (15 if wrong else 30)


def _name_what_is_there(case: Case, known: dict[str, int]) -> None:
    """Put ids of films and personas that exist in place of random ones, which never do."""
    for place in (case.path_parameters, case.body):
        if isinstance(place, dict):
            place.update({name: value for name, value in known.items() if name in place})


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


def test_every_type_stands_in_the_document_once(app: APIFlask):
    document = app.test_client().get("/api/openapi.json")
    types = document.json["components"]["schemas"]
    assert "Movie" in types
    assert not [name for name in types if "." in name]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', document.text))
    assert named <= types.keys()


def test_two_types_of_one_name_are_an_error():
    schemas = {"Home.Row": {"type": "object"}, "Import.Row": {"type": "string"}}
    with pytest.raises(ValueError, match="two types are called Row"):
        _each_schema_once({"components": {"schemas": schemas}})
