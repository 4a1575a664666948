"""The feedback database: its tables are the migrations', and what is not there is said in one line."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import bindparam, select
from sqlalchemy.exc import OperationalError

from movie_genie.backend.database import Database
from movie_genie.backend.tables import metadata, viewers
from movie_genie.errors import UserError

PREPARE = "import sys; from movie_genie.backend.database import Database; Database(sys.argv[1]).prepare()"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'films.db'}")
    yield database
    database.close()


def test_the_migrations_make_just_the_tables_that_the_program_uses(database: Database):
    database.upgrade()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_processes_that_start_together_make_the_tables_once(tmp_path: Path):
    command = [sys.executable, "-c", PREPARE, f"sqlite:///{tmp_path / 'films.db'}"]
    started = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    database = Database(command[-1])
    with database.read() as connection:
        assert connection.execute(viewers.select()).all() == []
        assert len(connection.exec_driver_sql("SELECT * FROM alembic_version").all()) == 1
    database.close()


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(database: Database):
    database.upgrade()
    with database.write() as connection:
        connection.execute(viewers.insert().values(created_at=1))
    database.upgrade()
    database.prepare()
    with database.read() as connection:
        assert len(connection.execute(viewers.select()).all()) == 1


def test_tables_of_another_version_are_refused_with_the_command_that_helps(database: Database):
    database.upgrade()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(
        UserError, match=r"at 0001, the program needs .*; run `python -m movie_genie.backend db"
    ):
        database.prepare()


def test_tables_of_a_newer_program_are_left_alone_and_said_so(database: Database):
    database.upgrade()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for refuse in (database.prepare, database.upgrade):
        with pytest.raises(UserError, match="at 9999, which a newer program made; upgrade this program"):
            refuse()


@pytest.mark.parametrize("part", ["all", "tables"])
def test_a_damaged_database_is_said_in_one_line(database: Database, tmp_path: Path, part: str):
    database.upgrade()
    database.close()
    file = tmp_path / "films.db"
    whole = file.read_bytes()
    file.write_bytes(b"x" * len(whole) if part == "all" else whole[:100] + b"\xff" * (len(whole) - 100))
    damaged = Database(f"sqlite:///{file}")
    with pytest.raises(UserError) as refused:
        damaged.prepare()
    assert str(refused.value).startswith(f"database {file}: damaged, or no database: ")
    assert "\n" not in str(refused.value)


def test_a_database_is_its_owners_alone(tmp_path: Path):
    """Wherever it lies, and though it was open to all before; what SQLite keeps beside it as well."""
    file = tmp_path / "kept" / "films.db"
    for mode in (None, 0o644):
        if mode:
            file.chmod(mode)
        database = Database(f"sqlite:///{file}")
        database.prepare()
        with database.read() as connection:
            connection.execute(viewers.select())
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
        database.close()
        assert modes == {name: 0o600 for name in ("films.db", "films.db-wal", "films.db-shm")}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_an_error_says_no_values(database: Database):
    """Tokens' hashes and viewers' numbers are among them, and errors go to the log."""
    query = select(viewers.c.id).where(viewers.c.name == bindparam("name"))
    with pytest.raises(OperationalError) as one:
        database.rows(query, name="my-secret")
    with pytest.raises(OperationalError) as other, database.read() as connection:
        connection.execute(query, {"name": "my-secret"})
    assert "my-secret" not in f"{one.value} {other.value}"


def test_rows_are_what_a_read_gives_and_lead_to_the_same_error(database: Database):
    query = select(viewers.c.id, viewers.c.created_at // 10).where(viewers.c.created_at > bindparam("after"))
    with pytest.raises(OperationalError, match="no such table"):
        database.rows(query, after=0)
    database.upgrade()
    with database.write() as connection:
        connection.execute(viewers.insert(), [{"created_at": at} for at in (5, 17, 30)])
    for after, expected in ((0, [(1, 0), (2, 1), (3, 3)]), (17, [(3, 3)]), (99, [])):
        assert database.rows(query, after=after) == expected
        with database.read() as connection:
            assert connection.execute(query, {"after": after}).all() == expected


def test_a_thread_whose_kept_connection_broke_makes_another_one(database: Database):
    database.upgrade()
    query = select(viewers.c.id)
    assert database.rows(query) == []
    kept = database._threads.connection
    kept.dbapi_connection.close()
    assert database.rows(query) == []
    assert database._threads.connection is not kept


def test_a_write_that_fails_leaves_no_trace(database: Database):
    database.upgrade()
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(viewers.insert().values(created_at=1))
        raise ZeroDivisionError
    with database.read() as connection:
        assert connection.execute(viewers.select()).all() == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://somewhere", "expected sqlite:// or postgresql://"),
        ("films", "not a database address"),
        ("sqlite:////proc/no/such.db", "cannot be opened"),
        ("postgresql://films:hidden@127.0.0.1:1/films", "cannot be opened"),
        ("postgresql://films@127.0.0.1:1/films?password=hidden", "cannot be opened"),
        ("postgresql//films:hidden@127.0.0.1:1/films", "not a database address"),
        ("postgresql://films:hidden@127.0.0.1:hidden/films", "not a database address"),
        ("postgresql://films:pass@hidden@127.0.0.1:1/films", "written %40"),
        ("hidden://somewhere", "expected sqlite:// or postgresql://"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_without_its_password(url: str, words: str):
    with pytest.raises(UserError) as refused:
        Database(url).prepare()
    assert words in str(refused.value)
    assert "hidden" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_database_that_is_away_is_said_in_the_way_that_views_answer_with_503(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'no such folder' / 'films.db'}")
    with pytest.raises(OperationalError, match="unable to open"):
        database.rows(select(viewers.c.id))
    database.close()
