"""What runs for every request: an id, limits and the CSRF check before it, headers and a log line after it."""

import re
import secrets
import time

import structlog
from apiflask import APIFlask
from flask import Response, g, request

from movie_genie.backend.client import client
from movie_genie.backend.limits import Limits
from movie_genie.backend.metrics import Metrics
from movie_genie.backend.session import SAFE_METHODS, check_csrf
from movie_genie.backend.settings import Settings

REQUEST_ID = "X-Request-ID"

FREE_OF_LIMITS = frozenset({"web", "posters"})
"""Blueprints whose files one page asks for by the dozen."""

_log = structlog.get_logger("request")
_an_id = re.compile(r"[A-Za-z0-9_-]{8,64}").fullmatch


def init_middleware(
    app: APIFlask, settings: Settings, secret: bytes, limits: Limits, metrics: Metrics
) -> None:
    """Add what runs before and after every view of the app."""
    always = security_headers(settings)

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        given = request.headers.get(REQUEST_ID, "")
        g.request_id = given if _an_id(given) else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        if request.blueprint not in FREE_OF_LIMITS:
            limits.hit_any(client())
        if request.method not in SAFE_METHODS and request.routing_exception is None:
            check_csrf(secret)

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        headers.extend(always)
        headers.add(REQUEST_ID, g.request_id)
        if "Cache-Control" not in headers:
            headers.add("Cache-Control", "no-store")
        if request.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        seconds = time.perf_counter() - g.started
        route = request.url_rule.rule if request.url_rule else "none"
        metrics.observe(request.method, route, response.status_code, seconds)
        _log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round(seconds * 1000, 2),
            client=request.remote_addr,
        )
        return response


def security_headers(settings: Settings) -> list[tuple[str, str]]:
    """Return the headers that every answer has."""
    images = "'self' data: https://image.tmdb.org" if settings.posters == "direct" else "'self' data:"
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return [
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ]
