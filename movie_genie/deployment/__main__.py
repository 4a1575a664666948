"""Stop the server that was started from this checkout: `python -m movie_genie.deployment stop`."""

import argparse
import os
from pathlib import Path

from movie_genie.cli import run
from movie_genie.deployment.server import PID_FILE, run_folder, stop


def main() -> None:
    """Read the command line and stop the server."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description="Look after the server.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("stop", help="stop the server that was started from here")
    parser.parse_args()
    stopped = stop(run_folder(Path(), os.environ) / PID_FILE)
    print("the server is stopped" if stopped else "no server is running here")


if __name__ == "__main__":
    run(main)
