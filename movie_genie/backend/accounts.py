"""Viewers: guests, accounts with a name and a password, admins; and the sessions that recognise them."""

import hashlib
import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from movie_genie.backend.clock import now
from movie_genie.backend.database import Database
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.tables import ratings, sessions, viewers, watchlist

SESSION_DAYS = 90
SESSION_MILLISECONDS = SESSION_DAYS * 24 * 3600 * 1000

_hasher = PasswordHasher()  # argon2id with the library's parameters, which follow RFC 9106's second choice

_BY_TOKEN = (
    select(viewers.c.id, viewers.c.name, viewers.c.is_admin)
    .join(sessions, sessions.c.viewer_id == viewers.c.id)
    .where(sessions.c.token_hash == bindparam("token_hash"), sessions.c.expires_at > bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whom a session recognises; a guest has no name."""

    id: int
    name: str | None
    is_admin: bool


class Accounts:
    """Opens and closes sessions, keeps accounts. A token is given out once and stored only as its hash."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # A hash that no password fits: an unknown name costs the same time as a wrong password.
        self._nobody = _hasher.hash(secrets.token_hex())

    def recognise(self, token: str) -> Viewer | None:
        """Return the viewer of a session that is open."""
        rows = self._database.rows(_BY_TOKEN, token_hash=_hashed(token), now=now())
        return next((Viewer(number, name, bool(is_admin)) for number, name, is_admin in rows), None)

    def open_guest(self) -> str:
        """Make a guest and a session for them; return its token."""
        with self._database.write() as connection:
            return _open(connection, _add(connection))

    def register(self, name: str, password: str, guest: Viewer | None) -> str:
        """Make an account, of the guest where there is one, who so keeps their ratings; return a new token.

        Raises
        ------
        ProblemError
            409 when the name is taken.
        """
        hashed = _hasher.hash(password)
        try:
            with self._database.write() as connection:
                viewer_id = guest.id if guest else _add(connection)
                _name(connection, viewer_id, name, hashed)
                connection.execute(delete(sessions).where(sessions.c.viewer_id == viewer_id))
                return _open(connection, viewer_id)
        except IntegrityError:
            raise ProblemError(409, "this name is not available; choose another", kind="name-taken") from None

    def sign_in(self, name: str, password: str, guest: Viewer | None) -> str:
        """Open a session of an account; return its token. What a guest did so far becomes the account's.

        Raises
        ------
        ProblemError
            401, the same for an unknown name and a wrong password.
        """
        viewer_id = self._verify(_key(name), password)
        if viewer_id is None:
            raise ProblemError(401, "no account has this name and password", kind="wrong-credentials")
        with self._database.write() as connection:
            if guest:
                _merge(connection, guest.id, viewer_id)
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now()))
            return _open(connection, viewer_id)

    def sign_out(self, token: str) -> None:
        """Close the session; its token opens nothing any more."""
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == _hashed(token)))

    def delete(self, viewer: Viewer, password: str) -> None:
        """Remove a viewer with all their data; an account's password is asked for, a guest has none.

        Raises
        ------
        ProblemError
            403 when the password is wrong.
        """
        if viewer.name is not None and self._verify(_key(viewer.name), password) != viewer.id:
            raise ProblemError(403, "the password is wrong", kind="wrong-credentials")
        with self._database.write() as connection:
            connection.execute(delete(viewers).where(viewers.c.id == viewer.id))

    def since(self, viewer: Viewer) -> int:
        """Return when a viewer began, in milliseconds since 1970."""
        query = select(viewers.c.created_at).where(viewers.c.id == viewer.id)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def sessions(self, viewer: Viewer) -> list[tuple[int, int]]:
        """Return when each of a viewer's sessions began and when it ends, oldest first."""
        query = (
            select(sessions.c.created_at, sessions.c.expires_at)
            .where(sessions.c.viewer_id == viewer.id)
            .order_by(sessions.c.created_at)
        )
        with self._database.read() as connection:
            return [(created_at, expires_at) for created_at, expires_at in connection.execute(query)]

    def has_name(self, name: str) -> bool:
        """Return whether an account has the name; for the operator, never for the web."""
        query = select(viewers.c.id).where(viewers.c.name_key == _key(name))
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def has_admin(self) -> bool:
        """Return whether any account is an admin's."""
        with self._database.read() as connection:
            return connection.execute(select(viewers.c.id).where(viewers.c.is_admin)).first() is not None

    def create_admin(self, name: str, password: str) -> None:
        """Make a new account that is an admin's.

        Raises
        ------
        ProblemError
            409 when the name is taken: whoever has it may be a stranger.
        """
        hashed = _hasher.hash(password)
        try:
            with self._database.write() as connection:
                viewer_id = _add(connection)
                _name(connection, viewer_id, name, hashed)
                connection.execute(update(viewers).where(viewers.c.id == viewer_id).values(is_admin=True))
        except IntegrityError:
            raise ProblemError(409, f"an account has the name {name} already") from None

    def promote(self, name: str) -> None:
        """Give an account the admin's rights; its password stays.

        Raises
        ------
        ProblemError
            404 when no account has the name.
        """
        account = update(viewers).where(viewers.c.name_key == _key(name))
        with self._database.write() as connection:
            if connection.execute(account.values(is_admin=True)).rowcount != 1:
                raise ProblemError(404, f"no account has the name {name}")

    def _verify(self, name_key: str, password: str) -> int | None:
        query = select(viewers.c.id, viewers.c.password_hash).where(viewers.c.name_key == name_key)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        try:
            _hasher.verify(row.password_hash if row else self._nobody, password)
        except (VerificationError, InvalidHashError):
            return None
        return int(row.id) if row else None


def _hashed(token: str) -> str:
    """A token has 256 random bits, so that a plain hash of it cannot be reversed by trying."""
    return hashlib.sha256(token.encode()).hexdigest()


def _key(name: str) -> str:
    """The form in which names are compared: without case."""
    return name.casefold()


def _add(connection: Connection) -> int:
    key = connection.execute(insert(viewers).values(created_at=now(), is_admin=False)).inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row has a key
    return int(key[0])


def _name(connection: Connection, viewer_id: int, name: str, password_hash: str) -> None:
    values = {"name": name, "name_key": _key(name), "password_hash": password_hash}
    nameless = update(viewers).where(viewers.c.id == viewer_id, viewers.c.name_key.is_(None))
    if connection.execute(nameless.values(values)).rowcount != 1:
        raise ProblemError(
            409, "this session has become an account or is gone; sign in", kind="stale-session"
        )


def _open(connection: Connection, viewer_id: int) -> str:
    token = secrets.token_urlsafe(32)
    moment = now()
    connection.execute(
        insert(sessions).values(
            token_hash=_hashed(token),
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
