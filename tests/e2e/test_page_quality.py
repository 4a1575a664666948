"""What holds on every page: it can be used by everybody, on every screen, and is what the contract says."""

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

Open = Callable[..., Page]

FRONTEND = Path(__file__).parents[2] / "frontend"
AXE = FRONTEND / "node_modules/axe-core/axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

PAGES = ["/", "/personas/1", "/search?q=alien", "/film/1", "/sign-in", "/sign-up", "/nowhere"]
VIEWERS_PAGES = ["/for-you", "/watchlist", "/ratings", "/account"]


def settle(page: Page, path: str) -> None:
    page.goto(path)
    page.locator("main h1, main h2").first.wait_for()
    page.wait_for_load_state("networkidle")


def each_page(
    open_page: Open, width: int, scheme: str
) -> Any:  # Any: yields pages that stand on each address
    page = open_page("/", width=width, scheme=scheme)
    for path in PAGES:
        settle(page, path)
        yield path, page
    page.goto("/")
    page.get_by_role("button", name="Start rating as a guest").click()
    expect(page.get_by_role("article").first).to_be_visible()
    page.get_by_role("article").first.get_by_role("slider").press("End")
    page.keyboard.press("Enter")
    for path in VIEWERS_PAGES:
        settle(page, path)
        yield path, page


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_no_page_shuts_anybody_out(open_page: Open, width: int, scheme: str) -> None:
    if not AXE.is_file():
        pytest.skip(f"{AXE} is missing; `npm ci` in frontend/ installs it")
    source = AXE.read_text(encoding="utf-8")
    found = []
    for path, page in each_page(open_page, width, scheme):
        page.evaluate(source)
        report = page.evaluate("tags => axe.run({ runOnly: tags })", STANDARDS)
        assert report["passes"], f"{path}: axe checked nothing"
        found += [
            f"{path}: {violation['id']} ({violation['impact']}): {violation['nodes'][0]['html'][:200]}"
            for violation in report["violations"]
        ]
    assert found == []


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_no_page_scrolls_sideways(open_page: Open, width: int) -> None:
    for path, page in each_page(open_page, width, "light"):
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} pixels wider than {width}"


def test_every_page_has_a_title_of_its_own_and_one_main_heading(open_page: Open) -> None:
    titles = {}
    for path, page in each_page(open_page, 1440, "light"):
        titles[path] = page.title()
        assert page.locator("h1").count() == 1, path
        assert page.locator("html").get_attribute("lang") == "en"
    assert len(set(titles.values())) == len(titles)


def test_the_footer_names_where_films_and_ratings_come_from(open_page: Open) -> None:
    footer = open_page("/").get_by_role("contentinfo")
    expect(footer).to_contain_text("uses the TMDB API but is not endorsed or certified by TMDB")
    expect(footer).to_contain_text("The MovieLens Datasets: History and Context")


def test_the_web_apps_types_are_made_from_the_api_that_is_served(served: str) -> None:
    with urllib.request.urlopen(f"{served}/api/openapi.json", timeout=10) as answer:
        schemas = json.load(answer)["components"]["schemas"]
    types = (FRONTEND / "src/lib/api-types.ts").read_text(encoding="utf-8")
    written = re.findall(r'^        "?([\w.]+)"?: ', types.partition("schemas: {")[2], re.M)
    assert len(schemas) > 30
    assert set(schemas) <= set(written)
    fields = set(re.findall(r"^            (\w+)\??: ", types, re.M))
    assert {field for schema in schemas.values() for field in schema.get("properties", {})} <= fields
