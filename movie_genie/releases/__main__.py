"""Look after releases: `python -m movie_genie.releases list`, and others."""

import argparse
import os
from pathlib import Path

from movie_genie.cli import run
from movie_genie.config import ServerConfig
from movie_genie.config_file import load_config
from movie_genie.releases import store
from movie_genie.releases.checks import answer_smoke_query


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog=store.COMMAND, description="Look after releases.")
    parser.add_argument(
        "--config", type=Path, default=Path("configs/server.yaml"), help="the server's settings"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="list the releases, newest first")
    commands.add_parser("activate", help="put a release into service").add_argument("release_id")
    commands.add_parser("rollback", help="go back to the release that was in service before")
    commands.add_parser("prune", help="remove old releases, as many as the settings allow to keep")
    commands.add_parser("check", help="check a release's folder and ask it a few questions").add_argument(
        "folder", type=Path
    )
    _do(parser.parse_args())


def _do(arguments: argparse.Namespace) -> None:
    folder = store.releases_folder(Path(), os.environ)
    match arguments.command:
        case "list":
            for release in store.listing(folder):
                print(_line(release))
        case "activate":
            store.activate(folder, arguments.release_id)
            print(f"release {arguments.release_id} is current")
        case "rollback":
            print(f"release {store.rollback(folder)} is current again")
        case "prune":
            removed = store.prune(folder, load_config(arguments.config, ServerConfig).keep_releases)
            print(f"removed: {', '.join(removed) or 'nothing'}")
        case "check":
            # A release is named as its folder is, and not as a link to it or "."; realpath bears a circle of links.
            checked = Path(os.path.realpath(arguments.folder))
            answer_smoke_query(checked)
            print(f"release {checked.name} is whole and answers")


def _line(release: store.Release) -> str:
    """A release as it is listed: `*` is in service, `<` was before."""
    mark = "*" if release.current else "<" if release.former else " "
    revision = f"commit {release.git_revision[:12]}" if release.git_revision else "no commit known"
    return f"{mark} {release.release_id}  {release.published_at:%Y-%m-%d %H:%M} UTC  {revision}"


if __name__ == "__main__":
    run(main)
