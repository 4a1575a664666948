"""The operator's commands: `python -m movie_genie.backend COMMAND`."""

import argparse
import getpass
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from movie_genie.backend.accounts import Accounts
from movie_genie.backend.clock import now
from movie_genie.backend.database import Database
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.inputs import Name, NewPassword
from movie_genie.backend.settings import Settings, read_settings
from movie_genie.backend.snapshot import snapshot
from movie_genie.cli import run
from movie_genie.config import FeedbackConfig
from movie_genie.config_file import load_config
from movie_genie.errors import UserError

SNAPSHOT = Path("data/feedback/ratings.parquet")
FEEDBACK = Path("configs/feedback.yaml")


def main() -> None:
    """Read the arguments, do what they say."""
    parser = argparse.ArgumentParser(prog="python -m movie_genie.backend", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    db = commands.add_parser("db", help="the feedback database")
    db.add_argument("action", choices=["upgrade"], help="make or bring up to date its tables")
    admin = commands.add_parser(
        "create-admin", help="make a new account that is an admin's; ask for its password"
    )
    admin.add_argument("name")
    whom = admin.add_mutually_exclusive_group()
    whom.add_argument("--promote", action="store_true", help="make the account that has the name an admin's")
    whom.add_argument("--if-none", action="store_true", help="do nothing where there is an admin")
    feedback = commands.add_parser("snapshot-feedback", help="write the accounts' ratings for the pipeline")
    feedback.add_argument("--to", type=Path, default=SNAPSHOT)
    feedback.add_argument("--config", type=Path, default=FEEDBACK)
    commands.add_parser("openapi", help="print the API's OpenAPI document")
    arguments = parser.parse_args()

    def command() -> None:
        if arguments.command == "openapi":
            print(_openapi())
            return
        database = Database(read_settings(os.environ).database)
        if arguments.command == "db":
            database.upgrade()
            print(f"{database.name}: up to date")
            return
        database.prepare()
        if arguments.command == "create-admin":
            print(_create_admin(Accounts(database), arguments))
        else:
            config = load_config(arguments.config, FeedbackConfig)
            taken = snapshot(database, arguments.to, config.min_account_days, now())
            print(
                f"{arguments.to}: {taken.ratings} ratings, {'changed' if taken.changed else 'unchanged'}; "
                f"left out: {taken.of_guests} of guests, {taken.of_new_accounts} of new accounts"
            )

    run(command)


def _openapi() -> str:
    """The document of an app with no release and an empty database: it depends on neither."""
    from movie_genie.backend.app import create_app  # the other commands need no web framework

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(releases=Path(folder) / "releases", run_folder=Path(folder)))
        return orjson.dumps(app.spec, option=orjson.OPT_INDENT_2).decode()


def _create_admin(accounts: Accounts, arguments: argparse.Namespace) -> str:
    """Make an admin as asked; return what was done."""
    name = _checked(Name, arguments.name, "name: expected 3 to 32 of a-z, 0-9, dot, dash and underscore")
    if arguments.if_none and accounts.has_admin():
        return "there is an admin; nothing was changed"
    try:
        if arguments.promote:
            accounts.promote(name)
            return f"{name}: this account is an admin now; its password is the one it had"
        # Before a password is asked for; whoever takes the name meanwhile is refused all the same.
        if accounts.has_name(name):
            raise UserError(
                f"{name}: an account has this name already, perhaps a stranger's; nothing was changed. Choose "
                "another name, or make this account an admin with --promote"
            )
        accounts.create_admin(name, _new_password())
    except ProblemError as error:
        raise UserError(error.message or str(error)) from None
    return f"{name}: a new account, and an admin"


def _new_password() -> str:
    """Ask twice on a terminal; read a line where the input is a pipe."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password of the new account: ")
        if getpass.getpass("Again: ") != password:
            raise UserError("the passwords differ; nothing was changed")
    return _checked(NewPassword, password, "password: expected 10 to 200 characters")


def _checked(kind: Any, value: str, expected: str) -> str:  # Any: an annotated type
    try:
        checked: str = TypeAdapter(kind).validate_python(value)
    except ValidationError:
        raise UserError(expected) from None
    return checked


if __name__ == "__main__":
    main()
