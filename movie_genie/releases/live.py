"""What a server process serves: the release that `current` names, taken up without dropping a request."""

import logging
import threading
from pathlib import Path

from movie_genie.engine.recommender import Recommender
from movie_genie.errors import UserError
from movie_genie.releases import store as releases
from movie_genie.releases.checks import open_checked

POLL_SECONDS = 0.5
"""How often a process looks where `current` points; one `readlink` each time."""

RETRY_SECONDS = 30.0
"""How long a release that could not be loaded is left alone before it is tried again."""

log = logging.getLogger(__name__)


class LiveRelease:
    """Holds the engine of this process. `engine` is read once a request and used to the request's end.

    A watcher thread loads a new release beside the old one, checks it, and swaps one reference: a request
    sees the old release or the new one, never a mixture. Whatever is wrong with the new one, the old stays.
    """

    def __init__(
        self, folder: Path, poll_seconds: float = POLL_SECONDS, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        self._folder = folder
        self._poll_seconds = poll_seconds
        self._retry_seconds = retry_seconds
        self._engine: Recommender | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()

    @property
    def engine(self) -> Recommender | None:
        """The engine to answer with; None until there is a release that loads."""
        return self._engine

    def start(self) -> None:
        """Load what `current` names now, then watch it from a thread. Call after the process has forked."""
        self.refresh()
        self._thread = threading.Thread(target=self._watch, name="release-watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watching."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def refresh(self) -> bool:
        """Take up the release that `current` names, if it is another one and nothing is wrong with it.

        A process that begins when something is wrong with it takes up another meanwhile; see `stand_ins`.

        Returns
        -------
        bool
            Whether this process now serves what `current` names.
        """
        with self._turn:  # the watcher's, or an admin's request
            return self._refresh()

    def _refresh(self) -> bool:
        named = releases.current(self._folder)
        if named is None:
            return False
        if self._engine is not None and self._engine.release_id == named:
            return True
        try:
            engine = self._opened(named)
        except UserError as error:
            if self._engine is None:
                self._engine = self._stand_in()
            serving = self._engine.release_id if self._engine else "nothing"
            log.error("release %s is refused, %s stays in service: %s", named, serving, error)
            return False
        self._engine = engine
        log.info("serving release %s", named)
        return True

    def _stand_in(self) -> Recommender | None:
        """The first that can be opened of the releases that may stand in for `current`."""
        for release_id in releases.stand_ins(self._folder):
            try:
                return self._opened(release_id)
            except UserError as error:
                log.error("release %s is refused as well: %s", release_id, error)
        return None

    def _opened(self, release_id: str) -> Recommender:
        """The release's engine.

        Raises
        ------
        UserError
            Whatever is wrong with it: no worker may die of one release while another can be served.
        """
        try:
            return open_checked(self._folder / release_id)
        except UserError:
            raise
        except Exception as error:
            log.exception("release %s failed in a way that no check foresaw", release_id)
            raise UserError(f"{self._folder / release_id}: {type(error).__name__}: {error}") from error

    def _watch(self) -> None:
        """Refresh whenever `current` moved; a release that was refused is tried again after a while."""
        refused: str | None = None
        waited = 0.0
        while not self._stop.wait(self._poll_seconds):
            named = releases.current(self._folder)
            waited += self._poll_seconds
            if named == refused and waited < self._retry_seconds:
                continue
            try:
                refused, waited = (None if self.refresh() else named), 0.0
            except Exception:  # the watcher must outlive whatever one release does to it
                log.exception("release %s could not be loaded", named)
                refused, waited = named, 0.0
