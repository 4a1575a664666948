"""Time as the database keeps it: whole milliseconds since 1970, UTC."""

import time
from datetime import UTC, datetime


def now() -> int:
    """Return the present moment."""
    return time.time_ns() // 1_000_000


def iso(milliseconds: int) -> str:
    """Return a moment as ISO 8601 with seconds, UTC.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
