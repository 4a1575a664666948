"""A small TMDB on this machine: answers like the real one (fixtures/tmdb), or goes wrong as it is told."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

FIXTURES = Path(__file__).parent / "fixtures" / "tmdb"
KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0ZXN0In0.c2lnbmF0dXJl"


def fixture(name: str) -> bytes:
    """An answer of TMDB's."""
    return (FIXTURES / f"{name}.json").read_bytes()


@dataclass(frozen=True)
class Request:
    """What was asked, and when (seconds of the monotonic clock)."""

    path: str
    query: dict[str, str]
    authorization: str | None
    at: float


@dataclass(frozen=True)
class Fault:
    """What comes instead of an answer, after `pause` seconds; no status: the connection is cut."""

    status: int | None = None
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0


class TmdbServer:
    """Knows every film by its TMDB id (as Fight Club, under that id) but those in `unknown`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault] = []  # each for one request, the next first
        self.always: dict[str, Fault] = {}  # by path
        self.unknown: set[int] = set()
        self.pause = 0.0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/3"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.requests]

    def close(self) -> None:
        """Listen no longer."""
        self._http.shutdown()
        self._http.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Send what was asked for, or what was ordered to go wrong."""
        url = urlsplit(handler.path)
        path = url.path.removeprefix("/3/")
        with self._lock:
            self.requests.append(
                Request(path, dict(parse_qsl(url.query)), handler.headers["Authorization"], time.monotonic())
            )
            fault = self.always.get(path) or (self.faults.pop(0) if self.faults else None)
        fault = fault or Fault(*self._known(path), pause=self.pause)
        time.sleep(fault.pause)
        if fault.status is None:
            handler.close_connection = True
            return
        handler.send_response(fault.status)
        for name, value in {"Content-Type": "application/json", **fault.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(fault.body)))
        handler.end_headers()
        handler.wfile.write(fault.body)

    def _known(self, path: str) -> tuple[int, bytes]:
        kind, _, name = path.partition("/")
        if path == "search/movie":
            return 200, fixture("search_fight_club")
        if path == "find/tt0409732":
            return 200, fixture("find_tt0409732")
        if path == "movie/12313":
            return 200, fixture("movie_12313")
        if kind == "movie" and name.isdigit() and int(name) not in self.unknown:
            return 200, json.dumps({**json.loads(fixture("movie_550")), "id": int(name)}).encode()
        if kind == "find":
            return 200, b'{"movie_results": [], "person_results": [], "tv_results": []}'
        return 404, fixture("unknown_404")
