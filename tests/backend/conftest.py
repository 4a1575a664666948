"""A served tiny release with a database of its own, and clients that speak to it as browsers do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask
from browser import PASSWORD, Browser

from movie_genie.backend.app import create_app
from movie_genie.backend.services import KEY, Services
from movie_genie.backend.settings import Settings


@pytest.fixture
def make_app(tiny_releases: Path, tmp_path: Path) -> Iterator[Callable[..., APIFlask]]:
    """Make an app on the tiny release; keyword arguments are settings."""
    made: list[APIFlask] = []

    def make(**settings: object) -> APIFlask:
        given = {"releases": tiny_releases, "run_folder": tmp_path / "run", "rate_limit": "100000 per minute"}
        app = create_app(Settings(**{**given, **settings}))
        made.append(app)
        return app

    yield make
    for app in made:
        services: Services = app.extensions[KEY]
        services.live.stop()
        services.database.close()


@pytest.fixture
def app(make_app: Callable[..., APIFlask]) -> APIFlask:
    return make_app()


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
    services.accounts.make_admin("ada", PASSWORD)
    browser = Browser(app.test_client())
    assert browser.post("/session", {"name": "ada", "password": PASSWORD}).status_code == 200
    return browser
