"""A browser, and the server that it looks at."""

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

# A browser on a server's bare screen, which talks to nobody but the page.
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE = 30_000
"""Milliseconds for anything to happen: the machine may be training models."""

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def served() -> str:
    """Address of a server with a release: MOVIE_GENIE_URL, or the one that `make run` leaves up."""
    url = os.environ.get("MOVIE_GENIE_URL", "http://127.0.0.1:5001").rstrip("/")
    try:
        with urllib.request.urlopen(f"{url}/api/ready", timeout=10):
            return url
    except (urllib.error.URLError, TimeoutError) as error:
        pytest.skip(f"{url} serves no release ({error}); `make run` starts one")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, served: str) -> Iterator[Callable[..., Page]]:
    """Open a page of a visitor of its own; whatever any of them complained of on its console fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(path: str = "/", width: int = 1440, scheme: str = "light") -> Page:
        context = browser.new_context(
            base_url=served,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None,
        )
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
