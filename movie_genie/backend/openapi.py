"""What is added to the OpenAPI document: what every operation may refuse, written once instead of in every view."""

from typing import Any

from apiflask import APIFlask

from movie_genie.backend.errors import MIMETYPE, SCHEMA, SCHEMA_PLACE
from movie_genie.backend.inputs import LARGEST_ID
from movie_genie.backend.session import COOKIE, HEADER

ALWAYS_UP = ("/api/health", "/api/metrics")

SECURITY_SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    "csrf": {"type": "apiKey", "in": "header", "name": HEADER},
}

PLACE = "#/components/schemas/"

Document = dict[str, Any]
"""Any: a part of an OpenAPI document."""

Responses = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]
"""Any: as above."""


def file_response(description: str, schema: Document, *mimetypes: str) -> Responses:
    """Describe an answer that is no JSON."""
    return {200: {"description": description, "content": {kind: {"schema": schema} for kind in mimetypes}}}


def init_openapi(app: APIFlask) -> None:
    """Have the app finish its OpenAPI document with what holds everywhere."""
    app.security_schemes = SECURITY_SCHEMES
    # a path's number alone says nothing: the views say what is not found
    app.config["AUTO_404_RESPONSE"] = False
    app.config["AUTO_OPERATION_ID"] = True
    # the document is the same whoever asks for it
    app.config["AUTO_SERVERS"] = False
    app.config["VALIDATION_ERROR_DESCRIPTION"] = "A field is missing, unknown or out of range"

    @app.spec_processor
    def finish(document: Document | str) -> Document | str:
        assert isinstance(document, dict)  # noqa: S101 - a string only where YAML is asked for
        document = _each_schema_once(document)
        document["components"]["schemas"]["Problem"] = SCHEMA
        document["tags"] = [{"name": name} for name in dict.fromkeys(tag["name"] for tag in document["tags"])]
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                access = _access(app, operation["operationId"].partition("_")[2])
                _add_refusals(path, method, operation, access)
                _bound_ids(operation)
        return document


def _each_schema_once(document: Document) -> Document:
    """Give one name to a type that APIFlask repeats for each type that uses it: `Home.Movie`, `Import.Movie`, …"""
    document = _with_short_references(document)
    once: Document = {}
    for name, schema in document["components"]["schemas"].items():
        if once.setdefault(_short(name), schema) != schema:
            raise ValueError(f"two types are called {_short(name)}")
    document["components"]["schemas"] = dict(sorted(once.items()))
    return document


def _with_short_references(part: Any) -> Any:  # Any: whatever a document holds
    if isinstance(part, list):
        return [_with_short_references(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        name: PLACE + _short(value.removeprefix(PLACE)) if name == "$ref" else _with_short_references(value)
        for name, value in part.items()
    }


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _access(app: APIFlask, name: str) -> str | None:
    """Who may call the view with this operation's name, as `requires` marked it."""
    for endpoint, view in app.view_functions.items():
        if endpoint.replace(".", "_") == name:
            return view.__dict__.get("access")
    raise LookupError(name)


def _add_refusals(path: str, method: str, operation: Document, access: str | None) -> None:
    changes = method != "get"
    refusals = {"429": "Too many requests; Retry-After says how long to wait"}
    if path not in ALWAYS_UP:
        refusals["503"] = "No release is served yet, or the database cannot be reached"
    if "{" in path:
        refusals["404"] = "Nothing has this id"
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
        refusals |= {"400": "Not readable", "413": "Too large"}
    if access:
        refusals["401"] = "No session"
    if access == "admin" or changes:
        refusals["403"] = "Not allowed: no CSRF token" + (", or no admin" if access == "admin" else "")
    if access and changes:
        refusals["409"] = "What this depends on was deleted meanwhile"
    schemes = ["session", "csrf"] if changes else ["session"] if access else []
    if schemes:
        operation["security"] = [{scheme: [] for scheme in schemes}]
    responses = operation["responses"]
    for status, description in refusals.items():
        responses.setdefault(status, {"description": description})
    for status, response in responses.items():
        if int(status) >= 400:
            response["content"] = {MIMETYPE: {"schema": {"$ref": SCHEMA_PLACE}}}


def _bound_ids(operation: Document) -> None:
    for parameter in operation["parameters"]:
        if parameter["in"] == "path" and parameter["schema"] == {"type": "integer"}:
            parameter["schema"] = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID}
