"""Every error leaves as problem+json (RFC 9457) with the request's id; this is the one place that says so."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app, g
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from movie_genie.engine.records import UnknownFilmError, UnknownGenreError, UnknownPersonaError

_log = structlog.get_logger("errors")

SCHEMA_PLACE = "#/components/schemas/Problem"

MIMETYPE = "application/problem+json"

SCHEMA: dict[str, Any] = {  # Any: an OpenAPI document
    "type": "object",
    "required": ["type", "title", "status", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


class ProblemError(HTTPError):
    """A refusal with its reason.

    Parameters
    ----------
    status
        HTTP status, 4xx or 5xx.
    detail
        What is wrong, in words for the person at the other end.
    kind
        A word by which a program tells this problem from others of the same status; none where the status
        says enough.
    """

    def __init__(
        self, status: int, detail: str, kind: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message=detail, headers=dict(headers or {}))
        self.kind = kind


def init_errors(app: APIFlask) -> None:
    """Have the app answer in this form for its errors, expected or not."""
    app.config["HTTP_ERROR_SCHEMA"] = app.config["VALIDATION_ERROR_SCHEMA"] = {"$ref": SCHEMA_PLACE}
    app.error_processor(_problem)
    for unknown in (UnknownFilmError, UnknownGenreError, UnknownPersonaError):
        app.register_error_handler(unknown, _not_found)
    app.register_error_handler(OperationalError, _no_database)
    app.register_error_handler(DatabaseError, _damaged)
    app.register_error_handler(IntegrityError, _conflict)


def _not_found(error: LookupError) -> Response:
    return _problem(ProblemError(404, str(error)))


def _no_database(error: OperationalError) -> Response:
    _log.error("database", error=" ".join(str(error.orig).split()))
    return _problem(ProblemError(503, "the database cannot be reached now", headers={"Retry-After": "5"}))


def _damaged(error: DatabaseError) -> Response:
    """A database that cannot be understood; its other errors are the program's own."""
    if type(error) is not DatabaseError:
        raise error
    _log.error("the database is damaged; bring back a backup", error=" ".join(str(error.orig).split()))
    return _problem(ProblemError(503, "the database cannot be read", headers={"Retry-After": "60"}))


def _conflict(error: IntegrityError) -> Response:
    """A row that this one needs has gone meanwhile: the viewer was deleted in another window."""
    # PostgreSQL's second line holds the row.
    _log.warning("conflict", error=str(error.orig).partition("\n")[0])
    return _problem(ProblemError(409, "something this depends on was deleted meanwhile; load the page again"))


def _problem(error: HTTPError) -> Response:
    status = error.status_code
    kind = error.kind if isinstance(error, ProblemError) else None
    body: dict[str, Any] = {  # Any: values are strings, a number and a list
        "type": f"urn:problem:{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "request_id": g.get("request_id", ""),
    }
    if status == 422 and error.detail:
        body["detail"] = "the request does not hold what this endpoint expects"
        body["errors"] = _fields(error.detail)
    elif error.message and error.message != body["title"]:
        body["detail"] = error.message
    response = current_app.response_class(current_app.json.dumps(body), status, mimetype=MIMETYPE)
    response.headers.extend({name: str(value) for name, value in dict(error.headers).items()})
    return response


def _fields(detail: Mapping[str, Mapping[str, Sequence[str]]]) -> list[dict[str, str]]:
    """{location: {field: [message]}} as one flat list."""
    return [
        {"field": "" if field == "_schema" else field, "message": message}
        for fields in detail.values()
        for field, messages in fields.items()
        for message in messages
    ]
