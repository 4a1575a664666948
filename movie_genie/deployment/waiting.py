"""Wait for another process by asking again and again."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, wait_fixed

T = TypeVar("T")

POLL_SECONDS = 0.05


def wait_while(ask: Callable[[], T], seconds: float) -> T:
    """Call `ask` until its answer is false (None, empty …) or `seconds` are over; give the last answer."""
    return Retrying(
        retry=retry_if_result(bool),
        stop=stop_after_delay(seconds),
        wait=wait_fixed(POLL_SECONDS),
        retry_error_callback=_last_answer,
    )(ask)


def _last_answer(state: RetryCallState) -> object:
    return state.outcome.result() if state.outcome else None
