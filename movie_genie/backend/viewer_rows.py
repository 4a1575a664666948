"""What is done to viewers' rows within a transaction, by viewers themselves and by admins alike."""

from sqlalchemy import Connection, delete, insert, select, update

from movie_genie.backend.clock import now
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.tables import password_resets, sessions, viewers


def name_key(name: str) -> str:
    """Return the form in which names are compared: without case."""
    return name.casefold()


def add_viewer(connection: Connection) -> int:
    """Make a viewer, who is a guest until named; return their number."""
    key = connection.execute(insert(viewers).values(created_at=now(), is_admin=False)).inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row has a key
    return int(key[0])


def name_viewer(connection: Connection, viewer_id: int, name: str, password_hash: str) -> None:
    """Make a guest an account's.

    Raises
    ------
    IntegrityError
        When the name is taken.
    ProblemError
        409 when the guest is none any more.
    """
    hold_guest(connection, viewer_id)
    values = {"name": name, "name_key": name_key(name), "password_hash": password_hash}
    connection.execute(update(viewers).where(viewers.c.id == viewer_id).values(values))


def hold_guest(connection: Connection, viewer_id: int) -> None:
    """Hold a guest until the transaction's end: what is done to guests is not done to an account.

    Raises
    ------
    ProblemError
        409 when the guest has become an account meanwhile, in another tab, or is gone.
    """
    guest = select(viewers.c.id).where(viewers.c.id == viewer_id, viewers.c.name_key.is_(None))
    if connection.execute(guest.with_for_update()).first() is None:
        raise ProblemError(
            409, "this session has become an account or is gone; sign in", kind="stale-session"
        )


def keep_an_admin(connection: Connection, viewer_id: int) -> None:
    """Refuse what would leave nobody to do what admins do.

    Raises
    ------
    ProblemError
        409 for the last admin who may sign in.
    """
    admins = select(viewers.c.id).where(viewers.c.is_admin, viewers.c.locked_at.is_(None))
    # Held in one order by all: of two admins who revoke each other, the second finds themselves the last.
    present = connection.execute(admins.order_by(viewers.c.id).with_for_update()).scalars().all()
    if list(present) == [viewer_id]:
        raise ProblemError(409, "this is the last admin; make another one first", kind="last-admin")


def set_password(connection: Connection, viewer_id: int, password_hash: str) -> None:
    """Set an account's password; whoever came in by the former one, or was given a link, is out."""
    connection.execute(update(viewers).where(viewers.c.id == viewer_id).values(password_hash=password_hash))
    connection.execute(delete(password_resets).where(password_resets.c.viewer_id == viewer_id))
    end_sessions(connection, viewer_id)


def end_sessions(connection: Connection, viewer_id: int) -> None:
    """Close all of a viewer's sessions."""
    connection.execute(delete(sessions).where(sessions.c.viewer_id == viewer_id))
