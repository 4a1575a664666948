"""The ratings of the app's accounts as the file that the pipeline's first stage reads."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import select

from movie_genie.backend.database import Database
from movie_genie.backend.tables import ratings, viewers
from movie_genie.data.schemas import FIRST_VIEWER_ID, RATINGS, write_table
from movie_genie.files import atomic_path

SCHEMA = pa.schema([field for field in RATINGS if field.name != "file_order"])

DAY = 24 * 3600 * 1000
"""In milliseconds, as the database counts time."""

_STARS = (
    select(
        ratings.c.viewer_id,
        ratings.c.movie_id,
        ratings.c.rating,
        ratings.c.rated_at,
        viewers.c.name_key,
        viewers.c.created_at,
    )
    .join(viewers, viewers.c.id == ratings.c.viewer_id)
    .where(ratings.c.rating.is_not(None), viewers.c.locked_at.is_(None))
    .order_by(ratings.c.viewer_id, ratings.c.rated_at, ratings.c.movie_id)
)


class Snapshot(NamedTuple):
    """How many ratings were taken and how many not, and whether the file changed."""

    ratings: int
    of_guests: int
    of_new_accounts: int
    changed: bool


def snapshot(database: Database, target: Path, min_account_days: float, now: int) -> Snapshot:
    """Write the accounts' ratings with stars, each viewer's oldest first; the same ratings give the same bytes.

    All that is learned, everybody is shown. A guest session costs nothing, so what guests rated counts for
    themselves alone, until they make an account; that of a new account, from the day on that it is old enough; that
    of a locked one, not.

    Viewers get ids from FIRST_VIEWER_ID on. A file that already says the same is not touched, and none is
    made while there is nothing to write, so that a pipeline without feedback finds nothing new.

    Parameters
    ----------
    min_account_days
        Since its viewer came first, be it as a guest.
    now
        Milliseconds since 1970.
    """
    with database.read() as connection:
        given = connection.execute(_STARS).all()
    named = [row for row in given if row.name_key is not None]
    rows = [row for row in named if row.created_at <= now - min_account_days * DAY]
    counts = len(rows), len(given) - len(named), len(named) - len(rows)
    if not rows and not target.exists():
        return Snapshot(*counts, changed=False)
    columns = [
        pa.array([FIRST_VIEWER_ID + row.viewer_id for row in rows], pa.int64()),
        pa.array([row.movie_id for row in rows], pa.int64()),
        pa.array([row.rating for row in rows], pa.float32()),
        pa.array([row.rated_at // 1000 for row in rows], pa.int64()),
    ]
    with tempfile.TemporaryDirectory() as elsewhere:  # DVC watches the target's folder
        draft = Path(elsewhere) / target.name
        write_table(draft, pa.table(columns, schema=SCHEMA), SCHEMA)
        fresh = draft.read_bytes()
    if target.exists() and target.read_bytes() == fresh:
        return Snapshot(*counts, changed=False)
    with atomic_path(target) as temporary:
        temporary.write_bytes(fresh)
    return Snapshot(*counts, changed=True)
