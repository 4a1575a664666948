"""What is pasted together for speed is what the output models describe, field by field."""

from inspect import get_annotations

import pytest
from apiflask import APIFlask
from browser import Browser
from flask import Response

FAST = {
    "home.recommendations": "/me/recommendations",
    "home.rows": "/me/home",
    "movies.popular": "/movies/popular",
    "movies.similar": "/movies/1/similar",
    "personas.recommendations": "/personas/3/recommendations",
    "search.find": "/search?q=story",
}


def test_every_view_that_does_not_return_its_model_is_tested_here(app: APIFlask):
    described = {name: view for name, view in app.view_functions.items() if hasattr(view, "_spec")}
    with_model = {name for name, view in described.items() if view._spec.get("response")}
    assert {
        name for name in with_model if get_annotations(described[name])["return"] is Response
    } == FAST.keys()


@pytest.mark.parametrize("endpoint", FAST)
def test_an_answer_has_exactly_the_fields_of_its_model(app: APIFlask, user: Browser, endpoint: str):
    user.rate(m1=4.5, m6=4.0, m47=5.0, m50=2.0)
    answer = user.get(FAST[endpoint])
    model = (
        app.view_functions[endpoint]
        ._spec["response"]["schema"]
        .model_validate_json(answer.data, strict=True, extra="forbid")
    )
    assert model.model_dump(mode="json") == answer.json
    shown = [item for row in answer.json.get("rows", [answer.json]) for item in row["items"]]
    assert shown
    if endpoint != "search.find":
        assert any(item["reasons"] for item in shown) == (endpoint != "movies.popular")
