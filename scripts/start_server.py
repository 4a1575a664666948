"""Start the server of this checkout: in the foreground, or with --daemon in the background."""

import argparse
import os
from pathlib import Path

from movie_genie.cli import run
from movie_genie.config import ServerConfig
from movie_genie.config_file import load_config


def main(arguments: argparse.Namespace) -> None:
    """Start it, or say why not."""
    from movie_genie.backend import gunicorn_config
    from movie_genie.deployment.server import Server, run_folder

    root, config = Path.cwd(), load_config(arguments.config, ServerConfig)
    server = Server(config, root, run_folder(root, os.environ), gunicorn_config.__name__)
    if arguments.daemon:
        server.start(os.environ)
        print(f"the server is starting at {server.url}; its log is {server.log_file}")
    else:
        server.replace_this_process(os.environ)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("configs/server.yaml"))
    parser.add_argument("--daemon", action="store_true", help="run in the background, with a log of its own")
    run(lambda: main(parser.parse_args()))
