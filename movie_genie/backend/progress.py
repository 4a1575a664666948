"""How far the first training is, for whoever waits for it: Airflow is asked, but not by every page that waits."""

import threading
import time
from collections.abc import Callable

from movie_genie.backend.pipeline import airflow, latest_run
from movie_genie.backend.settings import Settings
from movie_genie.backend.system_outputs import StageProgress
from movie_genie.errors import UserError

FRESH_SECONDS = 4.0
"""How long an answer of Airflow's is given to others as well."""

SHOWN = {"success": "done", "running": "running", "failed": "failed", "upstream_failed": "failed"}
"""Airflow's word -> ours; any other is a stage that waits, for others or for its next try."""


class FirstTraining:
    """The stages of the pipeline's latest run; of several threads, one asks and the others take what it knows."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._airflow = airflow(settings) if settings.airflow_url else None
        self._clock = clock
        self._asking = threading.Lock()
        self._asked = float("-inf")
        self._known: list[StageProgress] = []

    def stages(self) -> list[StageProgress]:
        """Return each stage and its state; empty where Airflow tells nothing."""
        if (
            self._airflow
            and self._clock() - self._asked >= FRESH_SECONDS
            and self._asking.acquire(blocking=False)
        ):
            try:
                self._known = [
                    StageProgress(stage=task.stage, state=SHOWN.get(task.state, "waiting"))
                    for task in latest_run(self._airflow)
                ]
            except UserError:
                self._known = []
            finally:
                self._asked = self._clock()
                self._asking.release()
        return self._known
