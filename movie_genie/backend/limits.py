"""How often one client may ask: fixed windows, counted in memory per worker or, for all of them, in Redis.

The library underneath Flask-Limiter is used directly: the extension itself took three times as long as the
rest of an empty request.
"""

import hashlib
import time

from limits import RateLimitItem, parse_many
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from movie_genie.backend.errors import ProblemError
from movie_genie.errors import UserError

SIGN_IN = "10 per minute; 100 per hour"
REGISTER = "5 per minute; 30 per hour"
GUEST = "20 per minute; 200 per hour"
IMPORT = "10 per minute"


class Limits:
    """Counts hits by rule and key; the keys are hashed, as storage need not know names and addresses."""

    def __init__(self, storage: str, everything: str) -> None:
        try:
            self._limiter = FixedWindowRateLimiter(storage_from_string(storage))
        except ConfigurationError as error:
            raise UserError(f"RATELIMIT_STORAGE_URI: {error}") from None
        try:
            self._everything = parse_many(everything)
        except ValueError:
            raise UserError(f"RATELIMIT: expected such as `1200 per minute`, got {everything!r}") from None
        self._parsed: dict[str, list[RateLimitItem]] = {}

    def hit_any(self, client: str) -> None:
        """Count a request of the client, whatever it asks.

        Raises
        ------
        ProblemError
            429, with the seconds to wait.
        """
        for item in self._everything:
            if not self._limiter.hit(item, "any", client):
                self._refuse(item, "any", client)

    def hit(self, rule: str, what: str, key: str) -> None:
        """Count one try of `what` by `key` under a rule such as `10 per minute; 100 per hour`.

        Raises
        ------
        ProblemError
            429, with the seconds to wait.
        """
        if rule not in self._parsed:
            self._parsed[rule] = parse_many(rule)
        hashed = hashlib.sha256(key.encode()).hexdigest()
        for item in self._parsed[rule]:
            if not self._limiter.hit(item, what, hashed):
                self._refuse(item, what, hashed)

    def _refuse(self, item: RateLimitItem, *keys: str) -> None:
        reset = self._limiter.get_window_stats(item, *keys).reset_time
        wait = max(1, round(reset - time.time()))
        raise ProblemError(429, f"too many tries; wait {wait} s", headers={"Retry-After": str(wait)})
