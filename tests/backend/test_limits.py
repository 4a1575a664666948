"""Counting what clients ask: in memory, in a Redis that all workers share, and when that one is gone."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import free_port
from structlog.testing import CapturingLogger

from movie_genie.backend.errors import ProblemError
from movie_genie.backend.limits import Limits, Windows
from movie_genie.errors import UserError

RULE = "2 per minute"


def tries(limits: Limits, key: str, count: int) -> list[bool]:
    """Whether each of so many tries was let through."""
    passed = []
    for _ in range(count):
        try:
            limits.hit(RULE, "try", key)
            passed.append(True)
        except ProblemError as refused:
            assert refused.status_code == 429
            assert 1 <= int(refused.headers["Retry-After"]) <= 60
            passed.append(False)
    return passed


def test_each_key_has_its_own_tries():
    limits = Limits("memory://", "100 per minute")
    assert tries(limits, "a", 3) == [True, True, False]
    assert tries(limits, "b", 1) == [True]


def test_every_part_of_a_rule_holds():
    limits = Limits("memory://", "2 per minute; 3 per hour")
    for _ in range(2):
        limits.hit_any("a")
    with pytest.raises(ProblemError):
        limits.hit_any("a")


def test_a_window_ends_and_is_swept_out():
    moment = 1000.0
    windows = Windows(clock=lambda: moment)
    assert [windows.incr("a", 60), windows.incr("a", 60)] == [1, 2]
    moment += 61
    assert windows.get("a") == 0
    assert windows.incr("b", 60) == 1
    assert list(windows._counts) == ["b"]
    assert windows.incr("a", 60) == 1


@pytest.mark.parametrize(
    ("storage", "everything", "words"),
    [
        ("memcached://x", "1 per minute", "RATELIMIT_STORAGE_URI: expected memory:// or redis://"),
        (
            "rediss//:hidden@somewhere",
            "1 per minute",
            "RATELIMIT_STORAGE_URI: expected memory:// or redis://",
        ),
        ("memory://", "a lot", "RATELIMIT: expected such as"),
    ],
)
def test_a_wrong_setting_is_named_without_a_password(storage: str, everything: str, words: str):
    with pytest.raises(UserError) as refused:
        Limits(storage, everything)
    assert str(refused.value).startswith(words)
    assert "hidden" not in str(refused.value)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of one's own: its address and its process."""
    pytest.importorskip("redis", reason="needs `pip install .[redis]`")
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed (Debian: apt-get install redis-server)")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        while b"Ready to accept connections" not in process.stdout.readline():
            assert process.poll() is None
        yield f"redis://127.0.0.1:{port}/0", process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_workers_that_share_a_redis_count_together(redis: tuple[str, subprocess.Popen[bytes]]):
    one, other = (Limits(redis[0], "100 per minute") for _ in range(2))
    assert tries(one, "a", 2) == [True, True]
    assert tries(other, "a", 1) == [False]


def test_without_its_redis_a_worker_counts_for_itself_and_says_so(
    redis: tuple[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
):
    address, process = redis
    log = CapturingLogger()
    monkeypatch.setattr("movie_genie.backend.limits._log", log)
    limits = Limits(address, "100 per minute")
    assert tries(limits, "a", 1) == [True]
    process.kill()
    process.wait()
    assert tries(limits, "a", 3) == [True, True, False]
    assert [call.args for call in log.calls] == [("limits are counted by each worker for itself",)]
