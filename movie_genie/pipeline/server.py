"""Where the app answers, and whether the server there is this checkout's."""

import os
from pathlib import Path

import requests

from movie_genie.config import ServerConfig
from movie_genie.config_file import load_config
from movie_genie.deployment.server import PID_FILE, SERVER_URL, run_folder, running_pid, url_of

PATIENCE_SECONDS = 3.0


def server_url(root: Path) -> str:
    """The address that MOVIE_GENIE_SERVER_URL names, or else the one of configs/server.yaml."""
    named = os.environ.get(SERVER_URL)
    if named:
        return named.rstrip("/")
    config = load_config(root / "configs/server.yaml", ServerConfig)
    return url_of(config).replace("127.0.0.1", "localhost")


def release_served(url: str) -> str | None:
    """The id of the release that a server answers with; None when none answers, or it is another program."""
    try:
        answer = requests.get(f"{url}/api/ready", timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        return str(answer.json()["release_id"])
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return None


def serves_us(root: Path) -> bool:
    """Whether a server answers that is this checkout's, or the one that MOVIE_GENIE_SERVER_URL names."""
    own = running_pid(run_folder(root, os.environ) / PID_FILE)
    ours = bool(os.environ.get(SERVER_URL)) or own is not None
    return ours and release_served(server_url(root)) is not None
