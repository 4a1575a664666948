"""The other end of a link that sets a new password: whoever holds its token may, once and for a while."""

from sqlalchemy import delete, select

from movie_genie.backend.clock import now
from movie_genie.backend.database import Database
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.passwords import hash_password
from movie_genie.backend.tables import password_resets, viewers
from movie_genie.backend.tokens import token_hash
from movie_genie.backend.viewer_rows import set_password


def reset_password(database: Database, token: str, password: str) -> None:
    """Set the password of the account that a link is for, close its sessions, and use the link up.

    Raises
    ------
    ProblemError
        403 where there is no such link any more.
    """
    good = (password_resets.c.token_hash == token_hash(token)) & (password_resets.c.expires_at > now())
    with database.read() as connection:
        # Before the hash, which takes a while: a guessed token shall not cost that.
        if connection.execute(select(password_resets.c.token_hash).where(good)).first() is None:
            raise _refused()
    hashed = hash_password(password)
    whose = (
        select(viewers.c.id).join(password_resets, password_resets.c.viewer_id == viewers.c.id).where(good)
    )
    with database.write() as connection:
        # The account is held before its links, as by all who change both: else two could wait for each other.
        viewer_id = connection.execute(whose.with_for_update(of=viewers)).scalar()
        if viewer_id is None or connection.execute(delete(password_resets).where(good)).rowcount != 1:
            raise _refused()
        set_password(connection, viewer_id, hashed)


def _refused() -> ProblemError:
    return ProblemError(
        403, "this link was used, replaced, or is too old; ask for a new one", kind="no-such-link"
    )
