"""What admins and the operator do with others' accounts, which they know by name."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from movie_genie.backend.accounts import DAY_MILLISECONDS
from movie_genie.backend.clock import now
from movie_genie.backend.database import Database
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.passwords import hash_password
from movie_genie.backend.tables import password_resets, ratings, viewers
from movie_genie.backend.tokens import new_token, token_hash
from movie_genie.backend.viewer_rows import (
    add_viewer,
    end_sessions,
    keep_an_admin,
    name_key,
    name_viewer,
    set_password,
)

LINK_DAYS = 1
"""How long a link to set a new password is good for."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is shown of an account; `created_at` is in milliseconds since 1970."""

    name: str
    is_admin: bool
    locked: bool
    created_at: int
    ratings_count: int


class Administration:
    """Each method that takes a name raises a ProblemError, 404, where no account has it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(self, page: int, per_page: int, part: str = "") -> tuple[Sequence[Account], int]:
        """Return a page of the accounts whose names have this part, by name, and how many they are."""
        named = viewers.c.name.is_not(None) & viewers.c.name_key.contains(name_key(part), autoescape=True)
        rated = select(func.count()).where(ratings.c.viewer_id == viewers.c.id).scalar_subquery()
        query = (
            select(viewers.c.name, viewers.c.is_admin, viewers.c.locked_at, viewers.c.created_at, rated)
            .where(named)
            .order_by(viewers.c.name_key)
            .limit(per_page)
            .offset((page - 1) * per_page)
        )
        with self._database.read() as connection:
            total = connection.execute(select(func.count()).select_from(viewers).where(named)).scalar_one()
            rows = connection.execute(query).all()
        return [
            Account(name, is_admin, locked_at is not None, created_at, count)
            for name, is_admin, locked_at, created_at, count in rows
        ], total

    def has_name(self, name: str) -> bool:
        """Return whether an account has the name."""
        query = select(viewers.c.id).where(viewers.c.name_key == name_key(name))
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def has_admin(self) -> bool:
        """Return whether there is an admin who may sign in."""
        admins = select(viewers.c.id).where(viewers.c.is_admin, viewers.c.locked_at.is_(None))
        with self._database.read() as connection:
            return connection.execute(admins).first() is not None

    def create_admin(self, name: str, password: str) -> None:
        """Make a new account that is an admin's.

        Raises
        ------
        ProblemError
            409 when the name is taken: whoever has it may be a stranger.
        """
        hashed = hash_password(password)
        try:
            with self._database.write() as connection:
                viewer_id = add_viewer(connection)
                name_viewer(connection, viewer_id, name, hashed)
                connection.execute(update(viewers).where(viewers.c.id == viewer_id).values(is_admin=True))
        except IntegrityError:
            raise ProblemError(409, f"an account has the name {name} already") from None

    def promote(self, name: str) -> None:
        """Give an account the admin's rights; its password stays."""
        with self._database.write() as connection:
            _change(connection, _found(connection, name), is_admin=True)

    def revoke_admin(self, name: str) -> None:
        """Take the admin's rights from an account.

        Raises
        ------
        ProblemError
            409 for the last admin.
        """
        with self._dispensable(name) as (connection, viewer_id):
            _change(connection, viewer_id, is_admin=False)

    def lock(self, name: str) -> None:
        """Have an account sign in no more, and end what it has open; its data stay.

        Raises
        ------
        ProblemError
            409 for the last admin.
        """
        with self._dispensable(name) as (connection, viewer_id):
            _change(connection, viewer_id, locked_at=now())
            end_sessions(connection, viewer_id)

    @contextmanager
    def _dispensable(self, name: str) -> Iterator[tuple[Connection, int]]:
        """Give an account, held, without which there still is an admin."""
        with self._database.write() as connection:
            viewer_id = _found(connection, name)
            keep_an_admin(connection, viewer_id)
            yield connection, viewer_id

    def unlock(self, name: str) -> None:
        """Let an account sign in again."""
        with self._database.write() as connection:
            _change(connection, _found(connection, name), locked_at=None)

    def sign_out_everywhere(self, name: str) -> None:
        """Close all of an account's sessions."""
        with self._database.write() as connection:
            end_sessions(connection, _found(connection, name))

    def delete(self, name: str) -> None:
        """Remove an account with all its data.

        Raises
        ------
        ProblemError
            409 for the last admin.
        """
        with self._dispensable(name) as (connection, viewer_id):
            connection.execute(delete(viewers).where(viewers.c.id == viewer_id))

    def set_password(self, name: str, password: str) -> None:
        """Give an account a password, and close all its sessions."""
        hashed = hash_password(password)
        with self._database.write() as connection:
            set_password(connection, _found(connection, name), hashed)

    def reset_link(self, name: str) -> tuple[str, int]:
        """Make a token that sets an account's password once, in place of any former; return until when it does."""
        token, moment = new_token(), now()
        expires_at = moment + LINK_DAYS * DAY_MILLISECONDS
        with self._database.write() as connection:
            viewer_id = _found(connection, name)
            connection.execute(delete(password_resets).where(password_resets.c.viewer_id == viewer_id))
            connection.execute(
                insert(password_resets).values(
                    token_hash=token_hash(token),
                    viewer_id=viewer_id,
                    created_at=moment,
                    expires_at=expires_at,
                )
            )
        return token, expires_at


def _found(connection: Connection, name: str) -> int:
    """The account of a name, held until the transaction's end."""
    query = select(viewers.c.id).where(viewers.c.name_key == name_key(name)).with_for_update()
    viewer_id = connection.execute(query).scalar()
    if viewer_id is None:
        raise ProblemError(404, f"no account has the name {name}", kind="no-account")
    return int(viewer_id)


def _change(connection: Connection, viewer_id: int, **values: object) -> None:
    connection.execute(update(viewers).where(viewers.c.id == viewer_id).values(values))
