"""What the views share: one set of services an app, found through the app that handles the request."""

import threading
from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from movie_genie.backend.accounts import Accounts
from movie_genie.backend.administration import Administration
from movie_genie.backend.answers import Presenter
from movie_genie.backend.database import Database
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.feedback import Feedback
from movie_genie.backend.limits import Limits
from movie_genie.backend.settings import Settings
from movie_genie.releases.live import LiveRelease

KEY = "movie_genie"


@dataclass
class Services:
    """Made once in `create_app`; safe to share between threads."""

    settings: Settings
    secret: bytes = field(repr=False)
    database: Database
    accounts: Accounts
    administration: Administration
    feedback: Feedback
    limits: Limits
    live: LiveRelease
    importing: threading.Lock = field(default_factory=threading.Lock)
    """Held by the one import that this process reads."""
    _presenter: Presenter | None = None

    def presenter(self) -> Presenter:
        """Return the release in service with its films made ready to be shown; call it once a request.

        Raises
        ------
        ProblemError
            503 while there is no release.
        """
        engine = self.live.engine
        if engine is None:
            raise ProblemError(
                503,
                "no release is being served yet: the first training is under way, or failed",
                kind="no-release",
                headers={"Retry-After": "10"},
            )
        presenter = self._presenter
        if presenter is None or presenter.engine is not engine:
            presenter = self._presenter = Presenter(engine, self.settings.posters)
        return presenter


def services() -> Services:
    """Return the services of the app that handles this request."""
    return cast(Services, current_app.extensions[KEY])  # Flask keeps extensions untyped
