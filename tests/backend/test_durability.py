"""What was acknowledged is there: workers and the whole server are killed while ratings are written."""

import os
import random
import signal
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import tiny
from real_server import Client, RealServer, postgres

WRITES = 1000
WRITERS = 4
WORKER_KILLS = (150, 300, 450, 600)
SERVER_KILLS = (250, 700)

FILMS = [film.movie_id for film in tiny.FILMS]


class Writer(threading.Thread):
    """A guest who rates film after film, and remembers what was acknowledged and what was only tried."""

    def __init__(self, port: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.client = Client(port)
        self.client.call("GET", "/api/me")
        self.client.call("POST", "/api/session/guest")
        self.acknowledged: dict[int, float] = {}
        self.tried: dict[int, set[float]] = defaultdict(set)  # since the film's last acknowledgement
        self.written = 0
        self.problems: list[str] = []
        self._random = random.Random(seed)

    def run(self) -> None:
        while self.written < WRITES // WRITERS:
            film, stars = self._random.choice(FILMS), self._random.randint(1, 10) / 2
            self.tried[film].add(stars)
            try:
                status, answer = self.client.call(
                    "POST", "/api/me/ratings", {"movie_id": film, "rating": stars}
                )
            except OSError:
                continue  # killed under the request: no acknowledgement
            if status == 201:
                self.acknowledged[film], self.tried[film] = stars, set()
                self.written += 1
            elif status != 503:
                self.problems.append(f"{status}: {answer}")

    def kept(self) -> dict[int, float]:
        ratings = self.client.call("GET", "/api/me/ratings?per_page=100")[1]["items"]
        return {item["movie"]["movie_id"]: item["rating"] for item in ratings}


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request, tiny_releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    folder = tmp_path_factory.mktemp("server")
    environment = {
        "MOVIE_GENIE_RELEASES": str(tiny_releases),
        "MOVIE_GENIE_RUN": str(folder / "run"),
        "RATELIMIT": "1000000 per minute",
        "DATABASE_URL": "",
    }
    with ExitStack() as stack:
        if request.param == "postgresql":
            environment["DATABASE_URL"] = stack.enter_context(postgres(tmp_path_factory.mktemp("postgres")))
        server = RealServer(environment, folder / "log")
        stack.callback(server.kill)
        server.start()
        yield server


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_acknowledged_rating_outlives_kill_9(server: RealServer):
    writers = [Writer(server.port, seed) for seed in range(WRITERS)]
    for writer in writers:
        writer.start()
    kills = sorted([*((at, "worker") for at in WORKER_KILLS), *((at, "server") for at in SERVER_KILLS)])
    while any(writer.is_alive() for writer in writers):
        written = sum(writer.written for writer in writers)
        if kills and written >= kills[0][0]:
            _, victim = kills.pop(0)
            if victim == "worker":
                os.kill(random.choice(server.workers()), signal.SIGKILL)
            else:
                server.kill()
                server.start()
        writers[0].join(0.01)
    assert kills == []
    assert [problem for writer in writers for problem in writer.problems] == []
    server.kill()
    server.start()
    for writer in writers:
        kept = writer.kept()
        for film, stars in writer.acknowledged.items():
            assert kept.get(film) in {stars, *writer.tried[film]}, f"film {film}: {stars} was acknowledged"
        assert writer.client.call("GET", "/api/me/recommendations")[0] == 200
        assert kept.keys() <= writer.acknowledged.keys() | writer.tried.keys()
