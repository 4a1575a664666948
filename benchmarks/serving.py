"""How fast a release is served: `python -m benchmarks.serving`, after `make run`; writes results/serving.json.

Personal recommendations (session, history and models at each request, nothing cached) are set beside an empty
answer of the same app behind the same gates, in turns and in one run, so that a slower machine slows both alike.
The load comes from the same machine and takes a part of its cores.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import requests

from benchmarks.http_load import Address, Load, Outcome, load
from movie_genie.backend import gunicorn_config
from movie_genie.backend.accounts import Accounts
from movie_genie.backend.database import Database
from movie_genie.backend.feedback import Feedback, StoredRating
from movie_genie.backend.session import COOKIE
from movie_genie.cli import run
from movie_genie.config import ServerConfig
from movie_genie.config_file import load_config
from movie_genie.deployment.deploy import wait_for_release
from movie_genie.deployment.server import Server
from movie_genie.engine.recommender import Recommender
from movie_genie.errors import UserError
from movie_genie.files import read_json, write_json
from movie_genie.releases import store as releases
from movie_genie.releases.checks import checksums, release_id_of
from movie_genie.releases.content import MANIFEST

RESULTS = Path("benchmarks/results/serving.json")
HISTORIES = 600
CONNECTIONS = 8
ROUNDS = 5
SWAPS = 20
PORT = 5089
EMPTY, PERSONAL = "/api/health", "/api/me/recommendations?limit=10"


def main() -> None:
    """Read the arguments, measure, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--releases", type=Path, default=Path("releases"))
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round")
    arguments = parser.parse_args()

    def command() -> None:
        write_json(RESULTS, measure(arguments.releases, arguments.seconds))
        print(RESULTS.read_text(encoding="utf-8"))

    run(command)


def measure(folder: Path, seconds: float) -> dict[str, object]:
    """Serve a copy of the current release from a temporary folder, and measure it.

    Raises
    ------
    UserError
        When there is no release.
    """
    current = releases.current(folder)
    if current is None:
        raise UserError(f"{folder}: no release to measure; `make run` makes one")
    config = load_config(Path("configs/server.yaml"), ServerConfig)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        copies = work / "releases"
        shutil.copytree(folder / current, copies / current)
        (copies / releases.CURRENT).symlink_to(current)
        environment = _environment(work)
        engine = Recommender(copies / current)
        tokens = viewers(engine, environment["DATABASE_URL"])
        personal = [_request(PERSONAL, token) for token in tokens]
        empty = [_request(EMPTY, token) for token in tokens]
        address = (config.host, PORT)
        result: dict[str, object] = {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "cores": os.cpu_count(),
            "release_id": current,
            "films": len(engine.catalogue),
            "histories": len(tokens),
            "workers": config.workers,
            "threads": config.threads,
        }
        with _serving(config, work, environment), _loader() as loader:
            result |= _speed(loader, address, empty, personal, seconds)
            rate = float(str(result["requests_per_second"])) / 2
            result |= _swaps(loader, config, personal, copies, rate)
        return result | _memory(config, work, environment, address, personal)


def _speed(
    loader: ProcessPoolExecutor, address: Address, empty: list[bytes], personal: list[bytes], seconds: float
) -> dict[str, object]:
    """Both endpoints as fast as they go, in turns; then the personal one at half of its speed."""
    for warm_up in (empty, personal):
        loader.submit(load, address, warm_up, CONNECTIONS, 2.0).result()
    pairs: list[tuple[Outcome, Outcome]] = []
    for _ in range(ROUNDS):
        one, other = (
            loader.submit(load, address, asked, CONNECTIONS, seconds).result() for asked in (empty, personal)
        )
        pairs.append((one, other))
    speed = statistics.median(other.requests_per_second for _, other in pairs)
    half = loader.submit(load, address, personal, CONNECTIONS, 3 * seconds, speed / 2).result()
    failed = half.failed + sum(outcome.failed for pair in pairs for outcome in pair)
    return {
        "requests_per_second": round(speed, 1),
        "empty_requests_per_second": round(statistics.median(one.requests_per_second for one, _ in pairs), 1),
        "ratio_to_empty_endpoint": round(
            statistics.median(other.requests_per_second / one.requests_per_second for one, other in pairs), 3
        ),
        "half_load_requests_per_second": round(half.requests_per_second, 1),
        "p50_ms": round(half.milliseconds(0.5), 2),
        "p99_ms": round(half.milliseconds(0.99), 2),
        "failed_requests": failed,
    }


def _swaps(
    worker: ProcessPoolExecutor, config: ServerConfig, personal: list[bytes], folder: Path, rate: float
) -> dict[str, object]:
    """Load until another process has activated one of two releases after the other and rolled back once."""
    first = str(releases.current(folder))
    swapping = worker.submit(_swap, config, folder, first, _another(folder, first))
    whole, under_load = Outcome(), Load((config.host, PORT), personal, CONNECTIONS)
    while not swapping.done():
        whole.add(under_load.run(1.0, rate))
    under_load.close()
    swapping.result()
    return {
        "swaps": SWAPS,
        "rollbacks": 1,
        "swap_requests": len(whole.latencies),
        "swap_failed_requests": whole.failed,
        "swap_releases_seen": len(whole.releases),
        "swap_p99_ms": round(whole.milliseconds(0.99), 2),
    }


def _swap(config: ServerConfig, folder: Path, first: str, second: str) -> None:
    url = f"http://{config.host}:{PORT}"
    for swap in range(SWAPS):
        release_id = second if swap % 2 == 0 else first
        releases.activate(folder, release_id)
        wait_for_release(url, release_id, config, died=lambda: None)
    wait_for_release(url, releases.rollback(folder), config, died=lambda: None)


def _another(folder: Path, release_id: str) -> str:
    """Make a second release of the first: the same in all but a note among its metrics."""
    draft = folder / "draft"
    shutil.copytree(folder / release_id, draft)
    metrics = draft / "key_metrics.json"
    write_json(metrics, {**read_json(metrics), "benchmark_copy": 1})
    files = checksums(draft)
    other = release_id_of(files)
    write_json(draft / MANIFEST, {**read_json(draft / MANIFEST), "release_id": other, "files": files})
    draft.rename(folder / other)
    return other


def _memory(
    config: ServerConfig, work: Path, environment: dict[str, str], address: Address, personal: list[bytes]
) -> dict[str, object]:
    """What each worker beyond the first costs: proportional set size of all processes, with one and with three."""
    total, unique = {}, {}
    for workers in (1, 3):
        with (
            _serving(config.model_copy(update={"workers": workers}), work, environment) as master,
            _loader() as loader,
        ):
            loader.submit(load, address, personal, CONNECTIONS, 6.0).result()
            pids = [master, *_children(master)]
            total[workers] = sum(_kilobytes(pid, "Pss") for pid in pids) / 1024
            unique[workers] = [
                (_kilobytes(pid, "Private_Clean") + _kilobytes(pid, "Private_Dirty")) / 1024
                for pid in pids[1:]
            ]
    return {
        "memory_one_worker_mb": round(total[1], 1),
        "memory_further_worker_mb": round((total[3] - total[1]) / 2, 1),
        "memory_unique_of_a_worker_mb": round(statistics.mean(unique[3]), 1),
    }


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _kilobytes(pid: int, what: str) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1])
    raise UserError(f"/proc/{pid}/smaps_rollup: no {what}; this kernel cannot tell what memory is shared")


def viewers(engine: Recommender, url: str) -> list[str]:
    """Make a guest of each of many personas, with their history in the database; give the sessions' tokens."""
    database = Database(url)
    database.prepare()
    accounts, feedback = Accounts(database), Feedback(database)
    tokens = []
    for persona in engine.personas.page(1, HISTORIES):
        token = accounts.open_guest()
        viewer = accounts.recognise(token)
        if viewer is None:
            raise UserError("a guest that was just made is not known")
        history = engine.personas.history(persona.persona_id)
        feedback.rate_many(
            viewer.id, [StoredRating(film.movie_id, film.rating, film.timestamp * 1000) for film in history]
        )
        tokens.append(token)
    database.close()
    return tokens


def _request(path: str, token: str) -> bytes:
    head = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        f"Cookie: {COOKIE}={token}",
        "Accept: application/json",
    ]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def _environment(work: Path) -> dict[str, str]:
    run_folder = work / "run"
    return {
        **os.environ,
        "MOVIE_GENIE_ENV": "production",
        "SECRET_KEY": os.urandom(32).hex(),
        "MOVIE_GENIE_RELEASES": str(work / "releases"),
        "MOVIE_GENIE_RUN": str(run_folder),
        "DATABASE_URL": f"sqlite:///{run_folder / 'movie_genie.db'}",
        "RATELIMIT": "1000000000 per minute",  # counted as ever, for both endpoints, but never refused
    }


@contextmanager
def _serving(config: ServerConfig, work: Path, environment: dict[str, str]) -> Iterator[int]:
    """Run the server as it is run in earnest; give its master's pid."""
    at_port = config.model_copy(update={"port": PORT})
    server = Server(at_port, Path.cwd(), work / "run", gunicorn_config.__name__)
    ready = server.prepare(environment)
    with (work / "server.log").open("ab") as log:
        process = subprocess.Popen(server.command(daemon=False), env=ready, stdout=log, stderr=log)
    try:
        _wait_until_ready(process, server.url, work / "server.log")
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{url}/api/ready", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise UserError(f"the server does not get ready: {log.read_text()[-500:]}")


@contextmanager
def _loader() -> Iterator[ProcessPoolExecutor]:
    """A process of its own for the load: what else this one does must not slow it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        yield executor


if __name__ == "__main__":
    main()
