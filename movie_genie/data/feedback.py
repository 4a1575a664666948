"""The viewers' own ratings, as the app's snapshot left them for the pipeline."""

from pathlib import Path

import pyarrow as pa

from movie_genie.data.engine import Engine, Table
from movie_genie.data.schemas import FEEDBACK, read_arrow


def read_feedback(path: Path, engine: Engine) -> Table | None:
    """Read the snapshot as typed rows (row, user, movie, rating, timestamp); None where there is none.

    Raises
    ------
    UserError
        When the file is no such snapshot.
    """
    if not path.exists():
        return None
    table = read_arrow(path, FEEDBACK).rename_columns(["user", "movie", "rating", "timestamp"])
    return engine.create_table(
        "feedback", table.append_column("row", pa.array(range(1, len(table) + 1), pa.int64()))
    )
