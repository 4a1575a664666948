"""The session cookie, the CSRF token bound to it, and who may call a view."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Literal, ParamSpec, TypeVar

from flask import Response, after_this_request, g, request

from movie_genie.backend.accounts import SESSION_DAYS, Viewer
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.services import services

COOKIE = "movie_genie_session"
HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Access = Literal["viewer", "user", "admin"]
P = ParamSpec("P")
R = TypeVar("R")


def requires(access: Access) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only viewers (guests among them), only those with an account, or only admins call the view.

    Stands above the view's inputs.
    The mark it leaves on the view is what OpenAPI's security and refusals are written from.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            viewer = current_viewer()
            if access == "user" and viewer.name is None:
                raise ProblemError(403, "a guest has no account; sign up first", kind="no-account")
            if access == "admin" and not viewer.is_admin:
                raise ProblemError(403, "only an admin may do this", kind="not-admin")
            return view(*args, **kwargs)

        guarded.__dict__["access"] = access
        return guarded

    return decorate


def current_viewer() -> Viewer:
    """Return whom the session recognises.

    Raises
    ------
    ProblemError
        401 where it recognises nobody.
    """
    viewer = viewer_or_none()
    if viewer is None:
        raise ProblemError(
            401, "sign in, or start as a guest with POST /api/session/guest", kind="no-session"
        )
    return viewer


def viewer_or_none() -> Viewer | None:
    """Return whom the session recognises, if anybody; asked of the database once a request."""
    if "viewer" not in g:
        token = request.cookies.get(COOKIE)
        g.viewer = services().accounts.recognise(token) if token else None
        # By reading alone: what signs in or out says itself which cookie is left.
        if token and g.viewer and g.viewer.renewable and request.method in SAFE_METHODS:
            services().accounts.renew(token)
            give_cookie(token)
    viewer: Viewer | None = g.viewer
    return viewer


def new_visitor() -> str:
    """Return a token that opens no session: a visitor's CSRF token is bound to it."""
    return secrets.token_urlsafe(32)


def csrf_token(secret: bytes, token: str) -> str:
    """Return what must come back in the header with every request that changes something."""
    return hmac.new(secret, b"csrf:" + token.encode(), hashlib.sha256).hexdigest()


def check_csrf(secret: bytes) -> None:
    """Refuse a request that changes something and does not prove that our own page sent it.

    Raises
    ------
    ProblemError
        403 with the kind `csrf`.
    """
    token = request.cookies.get(COOKIE, "")
    given = request.headers.get(HEADER, "")
    if not token or not hmac.compare_digest(csrf_token(secret, token).encode(), given.encode()):
        raise ProblemError(
            403, f"send the csrf_token of GET /api/me in the header {HEADER}, with its cookie", kind="csrf"
        )


def give_cookie(token: str) -> None:
    """Give the token to the browser with this request's answer, out of reach of scripts."""

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            token,
            max_age=SESSION_DAYS * 24 * 3600,
            httponly=True,
            samesite="Lax",
            secure=services().settings.cookies_need_tls or request.is_secure,
            path="/",
        )
        return response


def forget_cookie(response: Response) -> Response:
    """Have the browser forget the token."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax")
    return response
