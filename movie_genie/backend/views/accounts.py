"""Sessions and accounts: start as a guest, register, sign in and out, change the password, delete everything."""

from apiflask import APIBlueprint
from flask import Response, request

from movie_genie.backend.accounts import Viewer
from movie_genie.backend.client import client
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.inputs import Credentials, NewAccount, NewPasswordIn, PasswordIn, ResetIn
from movie_genie.backend.limits import GUEST, REGISTER, RESET, SIGN_IN, SIGN_IN_FROM
from movie_genie.backend.outputs import Me
from movie_genie.backend.password_resets import reset_password
from movie_genie.backend.services import services
from movie_genie.backend.session import (
    COOKIE,
    csrf_token,
    current_viewer,
    forget_cookie,
    give_cookie,
    new_visitor,
    requires,
    viewer_or_none,
)
from movie_genie.backend.viewer_rows import name_key

accounts = APIBlueprint("accounts", __name__, tag="Session")


@accounts.get("/me")
@accounts.output(Me)
def me() -> Me:
    """Say whom the session recognises, and give the CSRF token for what comes next."""
    token = request.cookies.get(COOKIE)
    if token:
        return _me(viewer_or_none(), token)
    token = new_visitor()
    give_cookie(token)
    return _me(None, token)


@accounts.post("/session/guest")
@accounts.output(Me, status_code=201)
@accounts.doc(responses={409: "There is a session already"})
def be_guest() -> Me:
    """Start as a guest: rate films at once, keep them with an account later."""
    if viewer_or_none():
        raise ProblemError(409, "there is a session already", kind="session-exists")
    services().limits.hit(GUEST, "guest", client())
    return _enter(services().accounts.open_guest())


@accounts.post("/session")
@accounts.input(Credentials)
@accounts.output(Me)
@accounts.doc(
    responses={401: "No account has this name and password", 403: "No CSRF token, or the account is locked"}
)
def sign_in(json_data: Credentials) -> Me:
    """Sign in; what a guest rated so far joins the account's ratings."""
    limits, former = services().limits, viewer_or_none()
    limits.hit(SIGN_IN_FROM, "sign-in from", client())
    limits.hit(SIGN_IN, "sign-in as", f"{client()} {name_key(json_data.name)}")
    token = services().accounts.sign_in(json_data.name, json_data.password, _guest(former))
    services().accounts.sign_out(request.cookies.get(COOKIE, ""))
    return _enter(token)


@accounts.delete("/session")
@requires("viewer")
@accounts.doc(responses={204: "Signed out"})
def sign_out() -> Response:
    """Sign out; a guest, to whom nobody could come back, goes with all their data."""
    viewer = current_viewer()
    if viewer.name is None:
        services().accounts.delete(viewer, "")
    else:
        services().accounts.sign_out(request.cookies[COOKIE])
    return forget_cookie(Response(status=204))


@accounts.delete("/me/sessions")
@requires("user")
@accounts.doc(responses={204: "Signed out"})
def sign_out_everywhere() -> Response:
    """Sign out here and in every other browser."""
    services().accounts.sign_out_everywhere(current_viewer())
    return forget_cookie(Response(status=204))


@accounts.post("/me/password")
@requires("user")
@accounts.input(NewPasswordIn)
@accounts.output(Me)
@accounts.doc(responses={403: "The password so far is wrong, or a guest has none"})
def change_password(json_data: NewPasswordIn) -> Me:
    """Change the password; every other browser is signed out, this one goes on with a new token."""
    viewer = current_viewer()
    services().limits.hit(SIGN_IN, "change", str(viewer.id))
    return _enter(services().accounts.change_password(viewer, json_data.password, json_data.new_password))


@accounts.post("/password-reset")
@accounts.input(ResetIn)
@accounts.doc(responses={204: "The password is set", 403: "The link was used, replaced, or is too old"})
def reset(json_data: ResetIn) -> Response:
    """Set a new password by a link that an admin made; every browser is signed out."""
    services().limits.hit(RESET, "reset from", client())
    reset_password(services().database, json_data.token, json_data.password)
    return Response(status=204)


@accounts.post("/accounts")
@accounts.input(NewAccount)
@accounts.output(Me, status_code=201)
@accounts.doc(responses={409: "The name is not available, or this session has an account"})
def register(json_data: NewAccount) -> Me:
    """Make an account; a guest's becomes theirs, ratings and all."""
    former = viewer_or_none()
    if former and former.name is not None:
        raise ProblemError(409, "this session has an account already; sign out first", kind="session-exists")
    services().limits.hit(REGISTER, "register", client())
    return _enter(services().accounts.register(json_data.name, json_data.password, former))


@accounts.delete("/me")
@requires("viewer")
@accounts.input(PasswordIn)
@accounts.doc(responses={204: "Deleted", 403: "The password is wrong"})
def leave(json_data: PasswordIn) -> Response:
    """Delete the viewer and all their data."""
    viewer = current_viewer()
    services().limits.hit(SIGN_IN, "delete", str(viewer.id))
    services().accounts.delete(viewer, json_data.password)
    return forget_cookie(Response(status=204))


def _enter(token: str) -> Me:
    """Return whom a session just opened recognises, and give its cookie."""
    give_cookie(token)
    return _me(services().accounts.recognise(token), token)


def _me(viewer: Viewer | None, token: str) -> Me:
    return Me(
        kind="anonymous" if viewer is None else "guest" if viewer.name is None else "user",
        name=viewer.name if viewer else None,
        is_admin=viewer.is_admin if viewer else False,
        ratings_count=services().feedback.ratings_count(viewer.id) if viewer else 0,
        csrf_token=csrf_token(services().secret, token),
    )


def _guest(viewer: Viewer | None) -> Viewer | None:
    return viewer if viewer and viewer.name is None else None
