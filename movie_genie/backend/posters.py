"""Posters from TMDB's image host, fetched once and kept on disk: viewers' browsers ask nobody else."""

import math
import re
import threading
import time
from pathlib import Path

import requests

from movie_genie.backend.answers import POSTER_HOST, POSTER_WIDTH
from movie_genie.backend.errors import ProblemError
from movie_genie.errors import UserError
from movie_genie.files import atomic_path

LARGEST_BYTES = 2 * 1024 * 1024
BUSY_SECONDS = 1
"""When to ask for a poster again, if its worker is fetching another one."""

PAUSE_SECONDS = 60
"""After a failure nobody waits for the host again so soon."""

NO_POSTER = "the image host has no such poster"

TYPES = {".jpg": ("image/jpeg", b"\xff\xd8\xff"), ".png": ("image/png", b"\x89PNG\r\n\x1a\n")}
"""By the name's ending: what the host must say it is, and the bytes it must begin with."""

_path = re.compile(r"/[A-Za-z0-9_-]{1,64}(\.jpg|\.png)").fullmatch


class Posters:
    """Fetches and keeps posters. The cache holds at most one file a film of the catalogues served.

    A process fetches one at a time, and whoever asks for another one meanwhile is sent away at once: a wait holds one
    of the server's few threads, and recommendations go first.

    Parameters
    ----------
    folder
        Where posters are kept.
    host
        The one host that is ever asked; a path comes from the catalogue, never from a request.
    """

    def __init__(self, folder: Path, host: str = POSTER_HOST) -> None:
        self._folder = folder
        self._host = host
        self._fetching = threading.Lock()
        self._pause_until = 0.0
        self._missing: set[str] = set()

    def get(self, path: str) -> tuple[Path, str]:
        """Return the poster's file and its type.

        Raises
        ------
        ProblemError
            404 when the host has none, 502 when it gives no proper image, 503 when it cannot be asked now.
        """
        match = _path(path)
        if match is None:
            raise ProblemError(404, "the film's poster has no proper name")
        kept = self._folder / path[1:]
        mimetype, beginning = TYPES[match[1]]
        if path in self._missing:
            raise ProblemError(404, NO_POSTER)
        if not kept.exists():
            image = self._fetch(path, mimetype)
            if not image.startswith(beginning):
                raise ProblemError(502, "the image host sent something that is no poster")
            try:
                with atomic_path(kept) as temporary:
                    temporary.write_bytes(image)
            except UserError as error:
                raise ProblemError(503, f"the poster could not be kept: {error}") from error
        return kept, mimetype

    def _fetch(self, path: str, mimetype: str) -> bytes:
        pause = math.ceil(self._pause_until - time.monotonic())
        if pause > 0:
            raise _later("the image host did not answer a while ago", pause)
        if not self._fetching.acquire(blocking=False):
            raise _later("another poster is being fetched", BUSY_SECONDS)
        try:
            return self._ask(path, mimetype)
        except requests.RequestException:
            self._pause_until = time.monotonic() + PAUSE_SECONDS
            raise _later("the image host does not answer", PAUSE_SECONDS) from None
        finally:
            self._fetching.release()

    def _ask(self, path: str, mimetype: str) -> bytes:
        address = f"{self._host}/{POSTER_WIDTH}{path}"
        with requests.get(address, timeout=(3, 5), stream=True, allow_redirects=False) as response:
            if response.status_code in (403, 404):
                # A browser cannot tell why a picture did not come, and asks again.
                self._missing.add(path)
                raise ProblemError(404, NO_POSTER)
            if response.status_code != 200 or response.headers.get("Content-Type") != mimetype:
                raise ProblemError(502, "the image host sent something that is no poster")
            image = b""
            for block in response.iter_content(64 * 1024):
                image += block
                if len(image) > LARGEST_BYTES:
                    raise ProblemError(502, "the poster is too large")
        return image


def _later(why: str, seconds: int) -> ProblemError:
    return ProblemError(503, why, headers={"Retry-After": str(seconds)})
