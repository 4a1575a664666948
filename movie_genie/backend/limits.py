"""How often one client may ask: fixed windows, counted in memory per worker or, for all of them, in Redis.

The library underneath Flask-Limiter is used directly: the extension itself took three times as long as the
rest of an empty request. Its own memory storage starts a thread for every few requests; `Windows` does not.
"""

import hashlib
import threading
import time
from collections.abc import Callable

import structlog
from limits import RateLimitItem, parse_many
from limits.errors import ConfigurationError, StorageError
from limits.storage import RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter

from movie_genie.backend.errors import ProblemError
from movie_genie.errors import UserError

SIGN_IN = "10 per minute; 100 per hour"
"""One client as one name. Not a name alone: whoever knows it could keep its owner out."""
SIGN_IN_FROM = "30 per minute; 300 per hour"
"""One client, whatever the names."""
RESET = "10 per minute; 60 per hour"
REGISTER = "5 per minute; 30 per hour"
GUEST = "20 per minute; 200 per hour"
IMPORT = "10 per minute; 100 per hour"

IN_MEMORY = "memory://"
PAUSE_SECONDS = 10.0
"""How long a Redis that failed is left alone; each worker counts for itself meanwhile."""

_log = structlog.get_logger("limits")


class Limits:
    """Counts hits by rule and key; the keys are hashed, as storage need not know names and addresses.

    Parameters
    ----------
    storage
        `memory://`, or the address of a Redis that all workers share.
    everything
        The rule for all that a client asks.
    """

    def __init__(self, storage: str, everything: str) -> None:
        self.own = Windows()
        self._alone = FixedWindowRateLimiter(self.own)
        self._shared = None if storage == IN_MEMORY else FixedWindowRateLimiter(_shared_storage(storage))
        self._alone_until = 0.0
        try:
            self._everything = parse_many(everything)
        except ValueError:
            raise UserError(f"RATELIMIT: expected such as `1200 per minute`, got {everything!r}") from None

    def hit_any(self, client: str) -> None:
        """Count a request of the client, whatever it asks.

        Raises
        ------
        ProblemError
            429, with the seconds to wait.
        """
        self._hit(self._everything, "any", client)

    def hit(self, rule: str, what: str, key: str) -> None:
        """Count one try of `what` by `key` under a rule such as `10 per minute; 100 per hour`.

        Raises
        ------
        ProblemError
            429, with the seconds to wait.
        """
        self._hit(parse_many(rule), what, key)

    def _hit(self, items: list[RateLimitItem], what: str, key: str) -> None:
        hashed = hashlib.sha256(key.encode()).hexdigest()
        if self._shared is not None and time.monotonic() >= self._alone_until:
            try:
                _count(self._shared, items, what, hashed)
                return
            except StorageError as error:
                self._alone_until = time.monotonic() + PAUSE_SECONDS
                _log.warning("limits are counted by each worker for itself", error=str(error.storage_error))
        _count(self._alone, items, what, hashed)


def _count(limiter: FixedWindowRateLimiter, items: list[RateLimitItem], what: str, key: str) -> None:
    for item in items:
        if not limiter.hit(item, what, key):
            reset = limiter.get_window_stats(item, what, key).reset_time
            wait = max(1, round(reset - time.time()))
            raise ProblemError(429, f"too many requests; wait {wait} s", headers={"Retry-After": str(wait)})


def _shared_storage(address: str) -> Storage:
    if not address.startswith(("redis://", "rediss://")):
        raise UserError(f"RATELIMIT_STORAGE_URI: expected {IN_MEMORY} or redis://…")
    try:
        return RedisStorage(address, wrap_exceptions=True, socket_timeout=1.0, socket_connect_timeout=1.0)
    except (ConfigurationError, ValueError) as error:
        raise UserError(f"RATELIMIT_STORAGE_URI: {error}; Redis needs `pip install .[redis]`") from None


class Windows(Storage):
    """Counters in memory, each with the moment when it ends; those that ended are swept out now and then."""

    STORAGE_SCHEME = None
    SWEEP_SECONDS = 60.0

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}
        self._swept = clock()

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Errors of the storage: memory has none."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, from 0 where the window has ended."""
        now = self._clock()
        with self._lock:
            if now - self._swept > self.SWEEP_SECONDS:
                self._counts = {kept: window for kept, window in self._counts.items() if window[1] > now}
                self._swept = now
            count, end = self._counts.get(key, (0, 0.0))
            if end <= now:
                count, end = 0, now + expiry
            self._counts[key] = count + amount, end
        return count + amount

    def get(self, key: str) -> int:
        """Return the count of a window that has not ended."""
        count, end = self._counts.get(key, (0, 0.0))
        return count if end > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """Return the moment when a window ends."""
        return self._counts.get(key, (0, self._clock()))[1]

    def check(self) -> bool:
        """Return that memory is there."""
        return True

    def reset(self) -> int:
        """Forget everything; return how much that was."""
        with self._lock:
            count, self._counts = len(self._counts), {}
        return count

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._lock:
            self._counts.pop(key, None)
