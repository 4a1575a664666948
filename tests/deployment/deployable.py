"""The settings of a server for tests."""

from movie_genie.config import ServerConfig


def config(port=5001, seconds=30.0):
    return ServerConfig(
        host="127.0.0.1", port=port, workers=2, threads=2, keep_releases=2, start_timeout_seconds=seconds
    )
