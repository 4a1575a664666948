"""A served tiny release with a database of its own, and clients that speak to it as browsers do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from argon2 import PasswordHasher
from browser import PASSWORD, Browser

from movie_genie.backend import passwords
from movie_genie.backend.app import create_app
from movie_genie.backend.services import KEY, Services
from movie_genie.backend.settings import Settings
from movie_genie.backend.tables import viewers

PLENTY = "100000 per minute"


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hash passwords in a millisecond: how strong argon2 is, is not what these tests are about."""
    strong, passwords._hasher = passwords._hasher, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield
    passwords._hasher = strong


@pytest.fixture
def make_app(tiny_releases: Path, tmp_path: Path) -> Iterator[Callable[..., APIFlask]]:
    """Make an app of one's own on the tiny release; keyword arguments are settings."""
    made: list[APIFlask] = []

    def make(**settings: Any) -> APIFlask:
        given = {"releases": tiny_releases, "run_folder": tmp_path / "run", "rate_limit": PLENTY}
        made.append(create_app(Settings(**{**given, **settings})))
        return made[-1]

    yield make
    for app in made:
        _close(app)


@pytest.fixture(scope="session")
def shared_app(tiny_releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIFlask]:
    run_folder = tmp_path_factory.mktemp("run")
    app = create_app(Settings(releases=tiny_releases, run_folder=run_folder, rate_limit=PLENTY))
    yield app
    _close(app)


@pytest.fixture
def app(shared_app: APIFlask) -> APIFlask:
    """The app on the tiny release, with an empty database and nothing counted towards a limit."""
    services: Services = shared_app.extensions[KEY]
    services.limits.own.reset()
    with services.database.write() as connection:
        connection.execute(viewers.delete())  # everything else goes with the viewers
        connection.exec_driver_sql("DELETE FROM sqlite_sequence")
    return shared_app


def _close(app: APIFlask) -> None:
    services: Services = app.extensions[KEY]
    services.live.stop()
    services.database.close()


@pytest.fixture
def services(app: APIFlask) -> Services:
    return app.extensions[KEY]


@pytest.fixture
def anonymous(app: APIFlask) -> Browser:
    return Browser(app.test_client())


@pytest.fixture
def guest(app: APIFlask) -> Browser:
    browser = Browser(app.test_client())
    assert browser.post("/session/guest").status_code == 201
    return browser


@pytest.fixture
def user(app: APIFlask) -> Browser:
    browser = Browser(app.test_client())
    assert browser.post("/accounts", {"name": "ursula", "password": PASSWORD}).status_code == 201
    return browser


@pytest.fixture
def other(app: APIFlask) -> Browser:
    browser = Browser(app.test_client())
    assert browser.post("/accounts", {"name": "otto", "password": PASSWORD}).status_code == 201
    return browser


@pytest.fixture
def admin(app: APIFlask, services: Services) -> Browser:
    services.administration.create_admin("ada", PASSWORD)
    browser = Browser(app.test_client())
    assert browser.post("/session", {"name": "ada", "password": PASSWORD}).status_code == 200
    return browser
