"""Where the app answers, and whether what answers there is ours."""

import os
from pathlib import Path

from movie_genie.config import ServerConfig, load_config

PATIENCE_SECONDS = 3.0


def server_url(root: Path) -> str:
    """The address that MOVIE_GENIE_SERVER_URL names, or else the one of configs/server.yaml."""
    named = os.environ.get("MOVIE_GENIE_SERVER_URL")
    if named:
        return named.rstrip("/")
    config = load_config(root / "configs/server.yaml", ServerConfig)
    host = "localhost" if config.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else config.host  # noqa: S104
    return f"http://{host}:{config.port}"


def release_served(url: str) -> str | None:
    """The id of the release that a server answers with; None when none answers, or it is another program."""
    import requests

    try:
        answer = requests.get(f"{url}/api/ready", timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        return str(answer.json()["release_id"])
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return None


def serves_us(root: Path, url: str) -> bool:
    """Whether a server answers there with one of our releases (which one: after a rollback, an earlier)."""
    release = release_served(url)
    if release is None:
        return False
    elsewhere = "MOVIE_GENIE_SERVER_URL" in os.environ  # its releases may lie on another machine
    return elsewhere or (Path(os.environ.get("MOVIE_GENIE_RELEASES") or root / "releases") / release).is_dir()
