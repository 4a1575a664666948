"""Asking again until the answer is the awaited one."""

import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    stop_after_delay,
    stop_never,
    wait_fixed,
)

T = TypeVar("T")


def poll(
    ask: Callable[[], T],
    awaited: Callable[[T], bool] = bool,
    *,
    every: float,
    within: float | None = None,
    despite: type[Exception] | tuple[()] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Ask every so many seconds until the answer is awaited, or the time is over; give the last answer.

    Parameters
    ----------
    within
        Seconds after which nobody asks again: by the clock, as answers may take long, and by the count of
        questions, so that a `sleep` that does not wait comes to an end too. None: for as long as it takes.
    despite
        An error that is no answer: it is raised only when the time is over.
    """
    again = Retrying(
        retry=retry_if_result(lambda answer: not awaited(answer)) | retry_if_exception_type(despite),
        stop=stop_never
        if within is None
        else stop_after_delay(within) | stop_after_attempt(int(within / every) + 1),
        wait=wait_fixed(every),
        sleep=sleep,
        retry_error_callback=lambda state: state.outcome.result(),  # type: ignore[union-attr]  # it has asked
    )
    return again(ask)
