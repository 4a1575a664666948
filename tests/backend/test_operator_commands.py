"""The operator's commands, run as an operator runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from apiflask import APIFlask

from movie_genie.backend.account_commands import COMMANDS
from movie_genie.backend.accounts import Accounts
from movie_genie.backend.administration import Administration
from movie_genie.backend.database import Database
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.feedback import Feedback
from movie_genie.backend.password_resets import reset_password

PASSWORD = "correct horse battery"


def backend(run_folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "movie_genie.backend", *arguments],
        env={**environment, "MOVIE_GENIE_RUN": str(run_folder)},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def is_admin(database: Database, name: str) -> bool:
    accounts = Accounts(database)
    viewer = accounts.recognise(accounts.sign_in(name, PASSWORD, None))
    return viewer is not None and viewer.is_admin


@pytest.fixture
def database(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'movie_genie.db'}")
    yield database
    database.close()


def test_the_first_admin_is_made_by_a_command(database: Database, tmp_path: Path):
    made = backend(tmp_path, "create-admin", "ada", stdin=f"{PASSWORD}\n")
    assert (made.returncode, made.stdout) == (0, "ada: a new account, and an admin\n")
    assert is_admin(database, "ada")


def test_whoever_has_the_name_becomes_no_admin_unless_asked(database: Database, tmp_path: Path):
    """The name may be a stranger's, who registered it first."""
    database.prepare()
    Accounts(database).register("ursula", PASSWORD, None)
    refused = backend(tmp_path, "create-admin", "Ursula", stdin="the operator's password\n")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: Ursula: an account has this name already")
    assert "--promote" in refused.stderr
    assert not is_admin(database, "ursula")
    promoted = backend(tmp_path, "create-admin", "Ursula", "--promote")
    assert promoted.stdout == "Ursula: this account is an admin now; its password is the one it had\n"
    assert is_admin(database, "ursula")


def test_only_an_account_that_is_there_can_be_promoted(tmp_path: Path):
    refused = backend(tmp_path, "create-admin", "ada", "--promote")
    assert (refused.returncode, refused.stderr) == (1, "error: no account has the name ada\n")


def test_a_start_makes_an_admin_only_where_there_is_none(database: Database, tmp_path: Path):
    """As the containers do at every start."""
    start = ("create-admin", "admin", "--if-none")
    assert backend(tmp_path, *start, stdin=PASSWORD).stdout == "admin: a new account, and an admin\n"
    again = backend(tmp_path, *start, stdin="another password")
    assert (again.returncode, again.stdout) == (
        0,
        "admin: not made, as there is an admin; nothing was changed\n",
    )
    assert is_admin(database, "admin")


def test_a_stranger_with_the_first_admins_name_stops_a_start(database: Database, tmp_path: Path):
    database.prepare()
    Accounts(database).register("admin", PASSWORD, None)
    assert backend(tmp_path, "create-admin", "admin", "--if-none", stdin="a password of mine").returncode == 1
    assert not is_admin(database, "admin")


def signs_in(database: Database, name: str, password: str) -> bool:
    try:
        return bool(Accounts(database).sign_in(name, password, None))
    except ProblemError:
        return False


def test_an_account_is_locked_and_unlocked_and_deleted_by_commands(database: Database, tmp_path: Path):
    database.prepare()
    accounts = Accounts(database)
    token = accounts.register("ursula", PASSWORD, None)
    assert (
        backend(tmp_path, "lock", "ursula").stdout
        == "ursula: locked, and every session ended; the data stay\n"
    )
    assert accounts.recognise(token) is None
    assert not signs_in(database, "ursula", PASSWORD)
    assert "\tlocked\n" in backend(tmp_path, "accounts").stdout
    assert backend(tmp_path, "unlock", "Ursula").stdout == "Ursula: may sign in again\n"
    assert signs_in(database, "ursula", PASSWORD)
    assert backend(tmp_path, "delete-account", "ursula").stdout == "ursula: deleted with all data\n"
    assert backend(tmp_path, "accounts").stdout == "no account yet\n"


def test_a_password_is_set_and_sessions_are_ended_by_commands(database: Database, tmp_path: Path):
    database.prepare()
    accounts = Accounts(database)
    first = accounts.register("ursula", PASSWORD, None)
    assert backend(tmp_path, "sign-out", "ursula").stdout == "ursula: every session ended\n"
    assert accounts.recognise(first) is None
    second = accounts.sign_in("ursula", PASSWORD, None)
    done = backend(tmp_path, "set-password", "ursula", stdin="a password of hers\n")
    assert done.stdout == "ursula: the password is set, and every session ended\n"
    assert accounts.recognise(second) is None
    assert not signs_in(database, "ursula", PASSWORD)
    assert signs_in(database, "ursula", "a password of hers")


def test_a_reset_link_is_made_by_a_command(database: Database, tmp_path: Path):
    database.prepare()
    Accounts(database).register("ursula", PASSWORD, None)
    token = backend(tmp_path, "reset-link", "ursula").stdout.strip().partition("\n/reset-password#")[2]
    reset_password(database, token, "a password of hers")
    assert signs_in(database, "ursula", "a password of hers")


def test_an_admin_is_one_no_more_by_a_command_but_the_last_one_stays(database: Database, tmp_path: Path):
    database.prepare()
    administration = Administration(database)
    administration.create_admin("ada", PASSWORD)
    for command in ("revoke-admin", "lock", "delete-account"):
        refused = backend(tmp_path, command, "ada")
        assert refused.stderr == "error: this is the last admin; make another one first\n"
    administration.create_admin("adam", PASSWORD)
    assert backend(tmp_path, "revoke-admin", "ada").stdout == "ada: an admin no more\n"
    assert (is_admin(database, "ada"), is_admin(database, "adam")) == (False, True)


@pytest.mark.parametrize("command", list(COMMANDS))
def test_an_unknown_account_is_one_line(tmp_path: Path, command: str):
    refused = backend(tmp_path, command, "nobody", stdin=f"{PASSWORD}\n")
    assert (refused.returncode, refused.stderr) == (1, "error: no account has the name nobody\n")


def test_a_weak_password_is_refused_in_one_line(tmp_path: Path):
    refused = backend(tmp_path, "create-admin", "ada", stdin="short\n")
    assert (refused.returncode, refused.stderr) == (1, "error: password: expected 10 to 200 characters\n")


def test_a_snapshot_says_how_much_there_is_and_whether_it_is_new(database: Database, tmp_path: Path):
    target, config = tmp_path / "ratings.parquet", tmp_path / "feedback.yaml"
    config.write_text("min_account_days: 0\n")
    command = ("snapshot-feedback", "--to", str(target), "--config", str(config))
    nothing_else = "left out: 0 of guests, 0 of new accounts\n"
    assert backend(tmp_path, *command).stdout == f"{target}: 0 ratings, unchanged; {nothing_else}"
    accounts = Accounts(database)
    viewer = accounts.recognise(accounts.register("ursula", PASSWORD, None))
    assert viewer is not None
    Feedback(database).rate(viewer.id, 1, 4.0)
    assert backend(tmp_path, *command).stdout == f"{target}: 1 ratings, changed; {nothing_else}"
    assert backend(tmp_path, *command).stdout == f"{target}: 1 ratings, unchanged; {nothing_else}"


def test_a_snapshot_says_what_it_left_out(database: Database, tmp_path: Path):
    database.prepare()
    accounts, target = Accounts(database), tmp_path / "ratings.parquet"
    for token in (accounts.open_guest(), accounts.register("ursula", PASSWORD, None)):
        viewer = accounts.recognise(token)
        assert viewer is not None
        Feedback(database).rate(viewer.id, 1, 4.0)
    said = backend(tmp_path, "snapshot-feedback", "--to", str(target)).stdout
    assert said == f"{target}: 0 ratings, unchanged; left out: 1 of guests, 1 of new accounts\n"


def test_the_database_is_upgraded_by_a_command(tmp_path: Path):
    assert backend(tmp_path, "db", "upgrade").stdout.endswith(": up to date\n")


def test_the_openapi_document_is_the_servers(app: APIFlask, tmp_path: Path):
    done = backend(tmp_path / "run", "openapi")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == app.test_client().get("/api/openapi.json").json
    assert not (tmp_path / "run").exists()
