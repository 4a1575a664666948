"""The viewers' ratings as the file that the pipeline's first stage reads."""

import tempfile
from pathlib import Path

import pyarrow as pa
from sqlalchemy import select

from movie_genie.backend.database import Database
from movie_genie.backend.tables import ratings
from movie_genie.data.schemas import FIRST_VIEWER_ID, RATINGS, write_table
from movie_genie.files import atomic_path

SCHEMA = pa.schema([field for field in RATINGS if field.name != "file_order"])

_STARS = (
    select(ratings.c.viewer_id, ratings.c.movie_id, ratings.c.rating, ratings.c.rated_at)
    .where(ratings.c.rating.is_not(None))
    .order_by(ratings.c.viewer_id, ratings.c.rated_at, ratings.c.movie_id)
)


def snapshot(database: Database, target: Path) -> tuple[int, bool]:
    """Write all ratings with stars, each viewer's oldest first; the same ratings give the same bytes.

    Viewers get ids from FIRST_VIEWER_ID on. A file that already says the same is not touched, and none is
    made while nobody has rated anything, so that a pipeline without feedback finds nothing new.

    Returns
    -------
    (int, bool)
        How many ratings there are, and whether the file changed.
    """
    with database.read() as connection:
        rows = connection.execute(_STARS).all()
    if not rows and not target.exists():
        return 0, False
    viewers, movies, stars, times = zip(*rows, strict=True) if rows else ((), (), (), ())
    columns = [
        pa.array([FIRST_VIEWER_ID + viewer for viewer in viewers], pa.int64()),
        pa.array(movies, pa.int64()),
        pa.array(stars, pa.float32()),
        pa.array([time // 1000 for time in times], pa.int64()),
    ]
    with tempfile.TemporaryDirectory() as elsewhere:  # DVC watches the target's folder
        draft = Path(elsewhere) / target.name
        write_table(draft, pa.table(columns, schema=SCHEMA), SCHEMA)
        fresh = draft.read_bytes()
    if target.exists() and target.read_bytes() == fresh:
        return len(rows), False
    with atomic_path(target) as temporary:
        temporary.write_bytes(fresh)
    return len(rows), True
