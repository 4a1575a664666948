"""How long a piece of work may keep a processor: what takes longer is given up, whatever it was made of."""

import time
from collections.abc import Callable


class OverBudgetError(Exception):
    """The work was not done within its seconds."""


class Budget:
    """Seconds for work that asks now and then whether it may go on.

    Parameters
    ----------
    seconds
        Of the thread's own work: on a busy machine, waiting for the processor does not count.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.thread_time) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def check(self) -> None:
        """Go on, or give up.

        Raises
        ------
        OverBudgetError
            When the seconds are over.
        """
        if self._clock() > self._end:
            raise OverBudgetError
