"""What the tests of this room share: a small data set, and a server on this machine that can misbehave."""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from small_set import DataSet


@pytest.fixture
def data_set(tmp_path: Path) -> DataSet:
    """Four films, five ratings."""
    return DataSet(tmp_path)


class Server:
    """Serves one file on 127.0.0.1, by ranges; what it is told beforehand goes wrong first."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.requests: list[tuple[str, str | None]] = []  # path, Range
        self.cuts: list[int] = []  # the next answers end after so many bytes
        self.statuses: list[int] = []  # the next answers are these errors
        self.ranges = True
        self.md5_text = ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Send what was asked for, or what was ordered to go wrong."""
        asked = request.headers.get("Range")
        self.requests.append((request.path, asked))
        if self.statuses:
            request.send_response(self.statuses.pop(0))
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        body, start = self.content, 0
        if request.path.endswith(".md5"):
            body = self.md5_text.encode()
        elif asked and self.ranges:
            found = re.fullmatch(r"bytes=(\d+)-", asked)
            assert found
            start = int(found[1])
            if start >= len(body):
                request.send_response(416)
                request.send_header("Content-Length", "0")
                request.end_headers()
                return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(body) - start))
        request.end_headers()
        end = start + self.cuts.pop(0) if self.cuts else len(body)
        request.wfile.write(body[start:end])
        request.close_connection = True


@pytest.fixture
def serve() -> Iterator[Callable[[bytes], Server]]:
    """Start servers that end with the test."""
    servers: list[Server] = []

    def start(content: bytes) -> Server:
        server = Server(content)
        threading.Thread(
            target=server.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.http.shutdown()
        server.http.server_close()
