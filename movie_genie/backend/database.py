"""The feedback database: SQLite in a file by default, PostgreSQL by DATABASE_URL."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Connection,
    Engine,
    PoolProxiedConnection,
    Select,
    Table,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from movie_genie.errors import UserError
from movie_genie.private_files import private_file

MIGRATIONS = Path(__file__).parent / "migrations"

MIGRATION_LOCK = 4_815_162_342
"""Any number, as long as it is the same for every process of the program."""

BUSY_MILLISECONDS = 10_000
"""How long a writer waits for another one before SQLite gives up."""


_Compiled = tuple[str, Sequence[str] | None, dict[str, Any]]
"""SQL, its parameters' names where they are given by place, and the values that stand in the query itself."""


class Database:
    """Two pools over one database: `read` opens no transaction, `write` one that commits or leaves no trace.

    Kept apart because changing a pooled connection's isolation costs more than a history's query does. After
    `write` returns, the row is on the disk (SQLite: WAL with synchronous=FULL; PostgreSQL: its default).
    """

    def __init__(self, url: str) -> None:
        self._queries: dict[Select[Any], _Compiled] = {}  # Any: as each query says
        self._threads = threading.local()
        try:
            self.url = make_url(url)
            dialect = self.url.get_backend_name()
            if dialect == "postgresql" and self.url.drivername == "postgresql":
                self.url = self.url.set(drivername="postgresql+psycopg")
            if dialect not in ("sqlite", "postgresql"):
                raise UserError("DATABASE_URL: expected sqlite:// or postgresql://")
            if "@" in (self.url.host or ""):
                raise UserError("DATABASE_URL: an @ in the password is written %40")
            remote = dialect != "sqlite"  # a server may have gone away between two requests
            # without a limit: each thread may keep a connection
            self._readers = create_engine(
                self.url,
                isolation_level="AUTOCOMMIT",
                pool_pre_ping=remote,
                max_overflow=-1,
                hide_parameters=True,
            )
            self._writers = create_engine(self.url, pool_pre_ping=remote, hide_parameters=True)
        except (ArgumentError, NoSuchModuleError, ValueError):
            # The library's words may hold a part of the password.
            raise UserError(
                "DATABASE_URL: not a database address; expected sqlite:///file or "
                "postgresql://user:password@host:port/database"
            ) from None
        except ModuleNotFoundError as error:
            raise UserError(
                f"DATABASE_URL: needs {error.name}; `pip install movie-genie[postgres]`"
            ) from None
        self._is_sqlite = dialect == "sqlite"
        if self._is_sqlite:
            _tune_sqlite(self._readers)
            _tune_sqlite(self._writers)
            event.listen(self._writers, "begin", _lock_at_once)

    @property
    def name(self) -> str:
        """How messages call the database: an address may hold passwords, so that none is ever shown."""
        return f"database {self.url.database}" if self._is_sqlite else "the database of DATABASE_URL"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for queries; each sees what was committed before it."""
        with self._readers.connect() as connection:
            yield connection

    def rows(self, query: Select[Any], **values: object) -> list[tuple[Any, ...]]:  # Any: as the query says
        """Return a query's rows just as the driver gives them, for what every request asks.

        Compiled once, without the objects that wrap a result, and on a connection that the thread keeps, such a
        query costs a third. The driver's values are not converted: SQLite's booleans are 0 and 1.

        Raises
        ------
        OperationalError
            As a query by `read` does, when the database cannot answer.
        """
        text, names, constants = self._compiled(query)
        given = constants | values
        parameters = given if names is None else [given[name] for name in names]
        kept: PoolProxiedConnection | None = getattr(self._threads, "connection", None)
        try:
            connection = kept or self._keep()
            cursor = connection.cursor()
            cursor.execute(text, parameters)
            rows = list(cursor.fetchall())
            cursor.close()
            return rows
        except self._readers.dialect.loaded_dbapi.Error as error:
            self._let_go()
            if kept is None:
                raise OperationalError(text, parameters, error, hide_parameters=True) from error
        return self.rows(query, **values)  # the database may have been away since the connection was made

    def _keep(self) -> PoolProxiedConnection:
        connection = self._threads.connection = self._readers.raw_connection()
        return connection

    def _let_go(self) -> None:
        """Close the connection that this thread keeps, if it does."""
        kept: PoolProxiedConnection | None = self._threads.__dict__.pop("connection", None)
        if kept is not None:
            kept.invalidate()

    def _compiled(self, query: Select[Any]) -> _Compiled:  # Any: as the query says
        known = self._queries.get(query)
        if known is None:
            compiled = query.compile(self._readers)
            names = compiled.positiontup if compiled.positional else None
            known = self._queries[query] = (compiled.string, names, dict(compiled.params))
        return known

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a transaction of its own."""
        with self._writers.begin() as connection:
            yield connection

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """Start an insert that may say `on_conflict_…`, in the words of the database in use."""
        return sqlite.insert(table) if self._is_sqlite else postgresql.insert(table)

    def upgrade(self) -> None:
        """Bring the tables to the newest migration; does nothing where they are there."""
        with self._connected() as connection:
            self._at_known_revision(connection)
            # several processes may start at once; SQLite's transaction has the lock already
            if not self._is_sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            command.upgrade(_alembic(connection), "head")

    def prepare(self) -> None:
        """Make the tables where there are none yet; hold those that are there against the newest migration.

        Raises
        ------
        UserError
            When the database cannot be reached or is damaged, or its tables are older or newer than the program.
        """
        with self._connected() as connection:
            present = self._at_known_revision(connection)
        if present is None:
            self.upgrade()
            return
        wanted = ScriptDirectory(str(MIGRATIONS)).get_current_head()
        if present != wanted:
            raise UserError(
                f"{self.name}: its tables are at {present}, "
                f"the program needs {wanted}; run `python -m movie_genie.backend db upgrade`"
            )

    def _at_known_revision(self, connection: Connection) -> str | None:
        """Return where the tables are; refuse those of a newer program, which this one would not understand."""
        present = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
        if present is not None and present not in known:
            raise UserError(
                f"{self.name}: its tables are at {present}, which a newer program made; upgrade this program, or "
                "bring back a backup from before"
            )
        return present

    def close(self) -> None:
        """Close this thread's connections and those that nobody uses; other threads' end with the threads."""
        self._let_go()
        self._readers.dispose()
        self._writers.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            if self._is_sqlite and self.url.database not in (None, "", ":memory:"):
                for file in _files(Path(self.url.database)):
                    private_file(file)
            with self._writers.connect() as connection:
                yield connection
                connection.commit()
        except OSError as error:
            raise UserError(f"{self.name}: cannot be opened: {error.strerror or error}") from None
        except DatabaseError as error:
            reason = " ".join(str(error.orig).split())
            if isinstance(error, OperationalError):
                raise UserError(f"{self.name}: cannot be opened: {reason}") from None
            if type(error) is DatabaseError:
                raise UserError(
                    f"{self.name}: damaged, or no database: {reason}; bring back a backup"
                ) from None
            raise


def _files(database: Path) -> list[Path]:
    """An SQLite database, made where it is not there, and what SQLite keeps beside it while it is open."""
    beside = (database.with_name(f"{database.name}-{kind}") for kind in ("wal", "shm"))
    return [database, *(file for file in beside if file.exists())]


def _alembic(connection: Connection) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: Any) -> None:  # Any: the driver's connection and the pool's record
        connection.isolation_level = None  # the driver opens no transactions of its own; `_lock_at_once` does
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_MILLISECONDS}",
        ):
            connection.execute(f"PRAGMA {pragma}")


def _lock_at_once(connection: Connection) -> None:
    """Take SQLite's write lock as the transaction begins: later, the data it read may have changed."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
