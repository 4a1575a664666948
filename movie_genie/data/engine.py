"""Where tables are worked out: Ibis expressions on DuckDB, which spills to disk what memory cannot hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from movie_genie.errors import UserError

Engine = Any  # ibis's DuckDB backend; ibis ships no types
Table = Any  # ibis.Table


@contextmanager
def open_engine(scratch: Path) -> Iterator[Engine]:
    """Open an in-memory database that spills into the folder `scratch`.

    Raises
    ------
    UserError
        When disk or memory run out, or a file cannot be read.
    """
    import duckdb
    import ibis

    engine = ibis.duckdb.connect(temp_directory=str(scratch))
    try:
        yield engine
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InvalidInputException) as error:
        raise UserError(f"{scratch}: DuckDB could not go on: {str(error).splitlines()[0]}") from error
    finally:
        engine.disconnect()
