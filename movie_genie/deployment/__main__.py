"""Look after releases, and stop the server: `python -m movie_genie.deployment releases`, and others."""

import argparse
import os
from pathlib import Path

from movie_genie.cli import run
from movie_genie.config import ServerConfig, load_config
from movie_genie.deployment.deploy import releases_folder
from movie_genie.deployment.server import PID_FILE, run_folder, stop
from movie_genie.releases import store as releases
from movie_genie.releases.checks import answer_smoke_query


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(
        prog="python -m movie_genie.deployment", description="Look after releases."
    )
    parser.add_argument(
        "--config", type=Path, default=Path("configs/server.yaml"), help="the server's settings"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("releases", help="list the releases, newest first")
    commands.add_parser("activate", help="put a release into service").add_argument("release_id")
    commands.add_parser("rollback", help="go back to the release that was in service before")
    commands.add_parser("prune", help="remove old releases, as many as the settings allow to keep")
    commands.add_parser("stop", help="stop the server that was started from here")
    commands.add_parser("smoke", help="check a release's folder and ask it a few questions").add_argument(
        "folder", type=Path
    )
    run(lambda: _do(parser.parse_args()))


def _do(arguments: argparse.Namespace) -> None:
    folder = releases_folder(Path(), os.environ)
    match arguments.command:
        case "releases":
            for release in releases.listing(folder):
                mark = "* " if release.current else "< " if release.former else "  "
                revision = (
                    f"commit {release.git_revision[:12]}" if release.git_revision else "no commit known"
                )
                print(f"{mark}{release.release_id}  {release.published_at:%Y-%m-%d %H:%M} UTC  {revision}")
        case "activate":
            releases.activate(folder, arguments.release_id)
            print(f"release {arguments.release_id} is current")
        case "rollback":
            print(f"release {releases.rollback(folder)} is current again")
        case "prune":
            removed = releases.prune(folder, load_config(arguments.config, ServerConfig).keep_releases)
            print(f"removed: {', '.join(removed) or 'nothing'}")
        case "stop":
            stopped = stop(run_folder(Path(), os.environ) / PID_FILE)
            print("the server is stopped" if stopped else "no server is running here")
        case "smoke":
            answer_smoke_query(arguments.folder)


if __name__ == "__main__":
    main()
