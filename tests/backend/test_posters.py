"""Posters through our own cache: one host, images only, each fetched once."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from apiflask import APIFlask

from movie_genie.backend.errors import ProblemError
from movie_genie.backend.posters import LARGEST_BYTES, Posters

JPEG = b"\xff\xd8\xff\xe0" + b"a picture" * 10


class Host(BaseHTTPRequestHandler):
    """An image host: what it answers depends on the poster's name."""

    asked: list[str]
    slow = threading.Lock()
    """While it is held, the poster named so does not come."""

    def do_GET(self) -> None:
        self.asked.append(self.path)
        name = self.path.rsplit("/", 1)[1].partition(".")[0]
        if name == "silent":
            self.close_connection = True
            return
        if name == "slow":
            with self.slow:
                pass
        status = {"missing": 404, "broken": 500, "moved": 302}.get(name, 200)
        body = {"page": b"<html>", "huge": JPEG + b"x" * LARGEST_BYTES}.get(name, JPEG)
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if name == "typed" else "image/jpeg")
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "/elsewhere.jpg")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[tuple[str, list[str]]]:
    """The address of a host that runs, and what it is asked for."""
    asked: list[str] = []
    handler = type("Asked", (Host,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/t/p", asked
        server.shutdown()
        thread.join()


def test_a_poster_is_fetched_once_and_then_kept(host: tuple[str, list[str]], tmp_path: Path):
    address, asked = host
    posters = Posters(tmp_path, address)
    for _ in range(3):
        file, kind = posters.get("/abc.jpg")
        assert (file.read_bytes(), kind) == (JPEG, "image/jpeg")
    assert asked == ["/t/p/w342/abc.jpg"]
    assert [kept.name for kept in tmp_path.iterdir()] == ["abc.jpg"]


@pytest.mark.parametrize(
    ("name", "status"),
    [("missing", 404), ("broken", 502), ("moved", 502), ("page", 502), ("typed", 502), ("huge", 502)],
)
def test_what_is_no_poster_is_neither_shown_nor_kept(
    host: tuple[str, list[str]], tmp_path: Path, name: str, status: int
):
    with pytest.raises(ProblemError) as refused:
        Posters(tmp_path, host[0]).get(f"/{name}.jpg")
    assert refused.value.status_code == status
    assert list(tmp_path.iterdir()) == []
    assert len(host[1]) == 1  # a redirect is not followed


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/a/b.jpg", "//evil.example/a.jpg", "/a.svg", "a.jpg", "/.jpg"]
)
def test_a_path_that_is_no_posters_name_is_not_asked_for(
    host: tuple[str, list[str]], tmp_path: Path, path: str
):
    with pytest.raises(ProblemError) as refused:
        Posters(tmp_path, host[0]).get(path)
    assert refused.value.status_code == 404
    assert host[1] == []


def test_a_host_that_does_not_answer_is_left_alone_for_a_while(host: tuple[str, list[str]], tmp_path: Path):
    posters = Posters(tmp_path, host[0])
    for name in ("silent", "silent", "abc"):
        with pytest.raises(ProblemError) as refused:
            posters.get(f"/{name}.jpg")
        assert refused.value.status_code == 503
        assert refused.value.headers["Retry-After"] == "60"
    assert host[1] == ["/t/p/w342/silent.jpg"]


def test_a_poster_that_the_host_does_not_have_is_asked_for_once(host: tuple[str, list[str]], tmp_path: Path):
    posters = Posters(tmp_path, host[0])
    for _ in range(3):
        with pytest.raises(ProblemError) as refused:
            posters.get("/missing.jpg")
        assert refused.value.status_code == 404
    assert len(host[1]) == 1


def test_who_asks_while_another_poster_is_fetched_is_sent_away_at_once(
    host: tuple[str, list[str]], tmp_path: Path
):
    """A wait would hold one of the server's few threads, of which one fetches already."""
    posters = Posters(tmp_path, host[0])
    with ThreadPoolExecutor() as pool, Host.slow:
        fetched = pool.submit(posters.get, "/slow.jpg")
        while not host[1]:
            time.sleep(0.001)
        with pytest.raises(ProblemError) as refused:
            posters.get("/abc.jpg")
        assert not fetched.done()
    assert (refused.value.status_code, refused.value.headers["Retry-After"]) == (503, "1")
    assert fetched.result()[0].read_bytes() == JPEG
    assert posters.get("/abc.jpg")[0].read_bytes() == JPEG


def test_a_poster_is_served_for_a_film_and_kept_by_browsers(make_app: Callable[[], APIFlask], tmp_path: Path):
    kept = tmp_path / "run/posters"
    kept.mkdir(parents=True)
    (kept / "1.jpg").write_bytes(JPEG)  # fetched before: the real host is not asked
    client = make_app().test_client()
    answer = client.get("/api/posters/1")
    assert (answer.data, answer.mimetype) == (JPEG, "image/jpeg")
    assert "public" in answer.headers["Cache-Control"]
    assert client.get("/api/posters/1", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get("/api/posters/424242").status_code == 404
