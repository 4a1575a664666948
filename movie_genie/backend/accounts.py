"""Viewers: guests, accounts with a name and a password, admins; and the sessions that recognise them."""

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from movie_genie.backend.clock import now
from movie_genie.backend.database import Database
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.passwords import fits, hash_password
from movie_genie.backend.tables import password_resets, ratings, sessions, viewers, watchlist
from movie_genie.backend.tokens import new_token, token_hash
from movie_genie.backend.viewer_rows import (
    add_viewer,
    end_sessions,
    hold_guest,
    keep_an_admin,
    name_key,
    name_viewer,
    set_password,
)

DAY_MILLISECONDS = 24 * 3600 * 1000
SESSION_DAYS = 90
"""How long a session that nobody uses stays open."""

SESSION_MILLISECONDS = SESSION_DAYS * DAY_MILLISECONDS

_BY_TOKEN = (
    select(viewers.c.id, viewers.c.name, viewers.c.is_admin, sessions.c.expires_at)
    .join(sessions, sessions.c.viewer_id == viewers.c.id)
    .where(sessions.c.token_hash == bindparam("token_hash"), sessions.c.expires_at > bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whom a session recognises; a guest has no name. `renewable`: the session's last renewal was a day ago."""

    id: int
    name: str | None
    is_admin: bool
    renewable: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """When a viewer began, and when each of their sessions and unused reset links began and ends: milliseconds."""

    created_at: int
    sessions: list[tuple[int, int]]
    password_resets: list[tuple[int, int]]


class Accounts:
    """What viewers do with their own accounts and sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # A hash that no password fits: an unknown name costs the same time as a wrong password.
        self._nobody = hash_password(secrets.token_hex())

    def recognise(self, token: str) -> Viewer | None:
        """Return the viewer of a session that is open."""
        moment = now()
        rows = self._database.rows(_BY_TOKEN, token_hash=token_hash(token), now=moment)
        for viewer_id, name, is_admin, expires_at in rows:
            renewable = expires_at <= moment + SESSION_MILLISECONDS - DAY_MILLISECONDS
            return Viewer(viewer_id, name, bool(is_admin), renewable)
        return None

    def renew(self, token: str) -> None:
        """Have an open session last as long again as a new one."""
        moment = now()
        is_open = (sessions.c.token_hash == token_hash(token)) & (sessions.c.expires_at > moment)
        with self._database.write() as connection:
            connection.execute(
                update(sessions).where(is_open).values(expires_at=moment + SESSION_MILLISECONDS)
            )

    def open_guest(self) -> str:
        """Make a guest and a session for them; return its token."""
        with self._database.write() as connection:
            return _open(connection, add_viewer(connection))

    def register(self, name: str, password: str, guest: Viewer | None) -> str:
        """Make an account, of the guest where there is one, who so keeps their ratings; return a new token.

        Raises
        ------
        ProblemError
            409 when the name is taken.
        """
        hashed = hash_password(password)
        try:
            with self._database.write() as connection:
                viewer_id = guest.id if guest else add_viewer(connection)
                name_viewer(connection, viewer_id, name, hashed)
                end_sessions(connection, viewer_id)
                return _open(connection, viewer_id)
        except IntegrityError:
            raise ProblemError(409, "this name is not available; choose another", kind="name-taken") from None

    def sign_in(self, name: str, password: str, guest: Viewer | None) -> str:
        """Open a session of an account; return its token. What a guest did so far becomes the account's.

        Raises
        ------
        ProblemError
            401, the same for an unknown name and a wrong password; 403 when the account is locked, which only
            whoever knows its password is told.
        """
        wrong = ProblemError(401, "no account has this name and password", kind="wrong-credentials")
        known = self._verify(name, password)
        if known is None:
            raise wrong
        with self._database.write() as connection:
            if not _still(connection, known):
                raise wrong
            if guest:
                hold_guest(connection, guest.id)
                _merge(connection, guest.id, known.id)
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now()))
            return _open(connection, known.id)

    def sign_out(self, token: str) -> None:
        """Close the session; its token opens nothing any more."""
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash(token)))

    def sign_out_everywhere(self, viewer: Viewer) -> None:
        """Close all of a viewer's sessions."""
        with self._database.write() as connection:
            end_sessions(connection, viewer.id)

    def change_password(self, viewer: Viewer, password: str, new_password: str) -> str:
        """Set an account's password, close all its sessions and open one; return its token.

        Raises
        ------
        ProblemError
            403 when the password so far is wrong.
        """
        known = self._proved(viewer, password)
        hashed = hash_password(new_password)
        with self._database.write() as connection:
            if not _still(connection, known):
                raise ProblemError(403, "the password is wrong", kind="wrong-credentials")
            set_password(connection, known.id, hashed)
            return _open(connection, known.id)

    def delete(self, viewer: Viewer, password: str) -> None:
        """Remove a viewer with all their data; an account's password is asked for, a guest has none.

        Raises
        ------
        ProblemError
            403 when the password is wrong; 409 for the last admin, and for a guest who has become an account meanwhile.
        """
        if viewer.name is not None:
            self._proved(viewer, password)
        with self._database.write() as connection:
            if viewer.name is None:
                hold_guest(connection, viewer.id)
            else:
                keep_an_admin(connection, viewer.id)
            connection.execute(delete(viewers).where(viewers.c.id == viewer.id))

    def kept(self, viewer: Viewer) -> "Kept":
        """Return what is kept of a viewer's account, without hashes."""
        began = select(viewers.c.created_at).where(viewers.c.id == viewer.id)
        with self._database.read() as connection:
            opened, links = (
                connection.execute(
                    select(table.c.created_at, table.c.expires_at)
                    .where(table.c.viewer_id == viewer.id)
                    .order_by(table.c.created_at)
                ).all()
                for table in (sessions, password_resets)
            )
            return Kept(
                connection.execute(began).scalar_one(),
                [(start, end) for start, end in opened],
                [(start, end) for start, end in links],
            )

    def _proved(self, viewer: Viewer, password: str) -> "_Known":
        known = self._verify(viewer.name or "", password)
        if known is None or known.id != viewer.id:
            raise ProblemError(403, "the password is wrong", kind="wrong-credentials")
        return known

    def _verify(self, name: str, password: str) -> "_Known | None":
        query = select(viewers.c.id, viewers.c.password_hash).where(viewers.c.name_key == name_key(name))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if not fits(row.password_hash if row else self._nobody, password) or row is None:
            return None
        return _Known(row.id, row.password_hash)


@dataclass(frozen=True, slots=True)
class _Known:
    """An account whose password was given, and the hash that it fitted."""

    id: int
    password_hash: str


def _still(connection: Connection, known: _Known) -> bool:
    """Return whether the password is still the account's, and hold the account until the transaction's end.

    Who changes the password or locks the account waits for that, and then ends the session that was opened.

    Raises
    ------
    ProblemError
        403 when the account is locked.
    """
    account = select(viewers.c.locked_at).where(
        viewers.c.id == known.id, viewers.c.password_hash == known.password_hash
    )
    row = connection.execute(account.with_for_update()).first()
    if row is not None and row.locked_at is not None:
        raise ProblemError(403, "this account is locked; ask who runs this site", kind="locked")
    return row is not None


def _open(connection: Connection, viewer_id: int) -> str:
    token = new_token()
    moment = now()
    connection.execute(
        insert(sessions).values(
            token_hash=token_hash(token),
            viewer_id=viewer_id,
            created_at=moment,
            expires_at=moment + SESSION_MILLISECONDS,
        )
    )
    return token


def _merge(connection: Connection, guest_id: int, viewer_id: int) -> None:
    """Give an account the guest's ratings and watchlist where it has none of its own for a film."""
    for table in (ratings, watchlist):
        own = select(table.c.movie_id).where(table.c.viewer_id == viewer_id)
        connection.execute(
            update(table)
            .where(table.c.viewer_id == guest_id, table.c.movie_id.not_in(own))
            .values(viewer_id=viewer_id)
        )
    connection.execute(delete(viewers).where(viewers.c.id == guest_id))
