"""The operator's commands: `python -m movie_genie.backend COMMAND`."""

import argparse
import os
import tempfile
from pathlib import Path

import orjson

from movie_genie.backend.account_commands import add_account_commands, run_account_command
from movie_genie.backend.administration import Administration
from movie_genie.backend.clock import now
from movie_genie.backend.database import Database
from movie_genie.backend.settings import Settings, read_settings
from movie_genie.backend.snapshot import snapshot
from movie_genie.cli import run
from movie_genie.config import FeedbackConfig
from movie_genie.config_file import load_config

SNAPSHOT = Path("data/feedback/ratings.parquet")
FEEDBACK = Path("configs/feedback.yaml")


def main() -> None:
    """Read the arguments, do what they say."""
    parser = argparse.ArgumentParser(prog="python -m movie_genie.backend", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    db = commands.add_parser("db", help="the feedback database")
    db.add_argument("action", choices=["upgrade"], help="make or bring up to date its tables")
    add_account_commands(commands)
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
        if arguments.command == "snapshot-feedback":
            config = load_config(arguments.config, FeedbackConfig)
            taken = snapshot(database, arguments.to, config.min_account_days, now())
            print(
                f"{arguments.to}: {taken.ratings} ratings, {'changed' if taken.changed else 'unchanged'}; "
                f"left out: {taken.of_guests} of guests, {taken.of_new_accounts} of new accounts"
            )
        else:
            print(run_account_command(Administration(database), arguments))

    run(command)


def _openapi() -> str:
    """The document of an app with no release and an empty database: it depends on neither."""
    from movie_genie.backend.app import create_app  # the other commands need no web framework

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(releases=Path(folder) / "releases", run_folder=Path(folder)))
        return orjson.dumps(app.spec, option=orjson.OPT_INDENT_2).decode()


if __name__ == "__main__":
    main()
