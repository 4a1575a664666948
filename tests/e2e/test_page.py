"""The page as its visitors find it: a real browser, the real server, the release that it serves."""

import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.e2e

Open = Callable[..., Page]

SPACE_FILMS = ["Alien", "Aliens", "Blade Runner", "The Terminator", "Star Trek: First Contact"]
PASSWORD = "a lamp in the dark"


def start_as_guest(page: Page) -> None:
    page.get_by_role("button", name="Start rating as a guest").click()
    expect(page.get_by_role("heading", name="Tonight for you")).to_be_visible()


def stars(page: Page, title: str) -> Locator:
    return page.get_by_role("slider", name=f"Your rating of {title}", exact=True).first


def rate_highest(page: Page, title: str) -> None:
    """Find a film by its title and give it five stars, by keyboard alone."""
    search = page.get_by_role("searchbox")
    search.fill(title)
    search.press("Enter")
    stars(page, title).focus()
    page.keyboard.press("End")
    with page.expect_response(
        lambda answer: answer.url.endswith("/api/me/ratings") and answer.request.method == "POST"
    ):
        page.keyboard.press("Enter")


def first_row(page: Page) -> list[str]:
    """Titles of the first row's ten films in front."""
    row = page.locator("main section").filter(has=page.locator("article")).first
    row.get_by_role("slider").first.wait_for()
    names = row.get_by_role("slider").evaluate_all("stars => stars.map(star => star.ariaLabel)")
    return [name.removeprefix("Your rating of ") for name in names[:10]]


def first_rows_share(page: Page, genre: str) -> float:
    """How many of the first row's ten films in front are of the genre."""
    home = page.evaluate("fetch('/api/me/home').then(answer => answer.json())")
    films = [item["movie"] for item in home["rows"][0]["items"][:10]]
    return sum(genre in film["genres"] for film in films) / len(films)


def to_for_you(page: Page) -> None:
    with page.expect_response("**/api/me/home"):
        page.get_by_role("navigation", name="Main").get_by_role("link", name="For you").click()


def test_a_personas_recommendations_stand_beside_their_history(open_page: Open) -> None:
    page = open_page("/")
    page.get_by_role("link", name="ratings · ").first.click()
    history = page.get_by_role("region", name="What they rated")
    recommended = page.get_by_role("region", name="What they would be shown next")
    recommended.get_by_role("article").first.wait_for()
    history.get_by_role("listitem").first.wait_for()
    assert recommended.get_by_role("article").count() >= 10
    assert recommended.get_by_text("because").count() >= 1
    seen = set(history.get_by_role("link").evaluate_all("links => links.map(link => link.pathname)"))
    offered = set(recommended.get_by_role("link").evaluate_all("links => links.map(link => link.pathname)"))
    assert not seen & offered


def test_a_genre_and_diversity_change_what_a_persona_is_shown(open_page: Open) -> None:
    page = open_page("/personas/1")
    recommended = page.get_by_role("region", name="What they would be shown next")
    links = recommended.get_by_role("article").get_by_role("link")
    links.first.wait_for()
    before = links.all_text_contents()
    with page.expect_response("**/recommendations?*genre=Comedy*"):
        page.get_by_label("Genre").select_option("Comedy")
    expect(links).not_to_have_text(before)
    comedies = links.all_text_contents()
    with page.expect_response("**/recommendations?*diversity=1&*"):
        page.get_by_label("Diversity").press("End")
    expect(links).not_to_have_text(comedies)


def test_search_forgives_a_typing_error(open_page: Open) -> None:
    page = open_page("/")
    search = page.get_by_role("searchbox")
    search.fill("pulp fction")
    search.press("Enter")
    page.get_by_role("link", name="Pulp Fiction").first.click()
    expect(page.get_by_role("heading", level=1, name="Pulp Fiction")).to_be_visible()
    expect(page.get_by_role("region", name="Films like it").get_by_role("article").first).to_be_visible()
    assert page.title() == "Pulp Fiction · Movie Genie"


def test_five_ratings_of_a_guest_change_the_first_row(open_page: Open) -> None:
    page = open_page("/")
    start_as_guest(page)
    before, share = first_row(page), first_rows_share(page, "Sci-Fi")
    for title in SPACE_FILMS:
        rate_highest(page, title)
    to_for_you(page)
    expect(page.get_by_text("because").first).to_be_visible()
    after = first_row(page)
    assert not set(after) & set(SPACE_FILMS)
    assert len(set(before) & set(after)) <= 5
    assert first_rows_share(page, "Sci-Fi") >= share + 0.3


def test_a_click_on_a_star_takes_the_film_out_of_its_row_and_undo_brings_it_back(open_page: Open) -> None:
    page = open_page("/")
    start_as_guest(page)
    title = first_row(page)[0]
    stars(page, title).click(position={"x": 88, "y": 12})
    expect(page.get_by_text(f"{title}: 4½ of 5.")).to_be_visible()
    expect(stars(page, title)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(stars(page, title)).to_have_attribute("aria-valuetext", "Not rated")


def test_signing_up_keeps_the_guests_ratings_and_signing_in_finds_them(open_page: Open) -> None:
    page = open_page("/")
    start_as_guest(page)
    rate_highest(page, "Alien")
    name = f"e2e-{uuid.uuid4().hex[:12]}"
    page.get_by_role("button", name="Account: guest").click()
    page.get_by_role("menuitem", name="Sign up and keep your ratings").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name=f"Tonight for {name}")).to_be_visible()

    page.get_by_role("button", name=f"Account: {name}").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).last.click()
    expect(page.get_by_role("heading", name=f"Tonight for {name}")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="My ratings").click()
    expect(stars(page, "Alien")).to_have_attribute("aria-valuenow", "5")

    page.get_by_role("button", name=f"Account: {name}").click()
    page.get_by_role("menuitem", name="Your data").click()
    page.get_by_text("Delete everything").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("button", name="Start rating as a guest")).to_be_visible()


def test_what_is_put_aside_is_on_the_watchlist(open_page: Open) -> None:
    page = open_page("/search?q=alien")
    ribbon = page.get_by_role("button", name="Alien on my watchlist", exact=True)
    ribbon.click()
    expect(ribbon).to_have_attribute("aria-pressed", "true")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Watchlist").click()
    expect(page.get_by_role("article").get_by_role("link", name="Alien", exact=True)).to_be_visible()


def test_an_import_is_shown_before_it_is_kept(open_page: Open) -> None:
    page = open_page("/")
    start_as_guest(page)
    page.get_by_role("button", name="Account: guest").click()
    page.get_by_role("menuitem", name="Your data").click()
    table = b"Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,Alien,1979,https://boxd.it/a,4.5\n2024-01-03,Nonesuch,1999,https://boxd.it/b,2\n"
    page.get_by_label("Export file").set_input_files(
        {"name": "ratings.csv", "mimeType": "text/csv", "buffer": table}
    )
    expect(page.get_by_text("1 film found here")).to_be_visible()
    page.get_by_role("button", name="Keep this rating").click()
    expect(page.get_by_text("1 film rated.")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="My ratings").click()
    expect(stars(page, "Alien")).to_have_attribute("aria-valuenow", "4.5")


def test_a_film_can_be_reached_and_opened_by_keyboard_alone(open_page: Open) -> None:
    page = open_page("/personas/1")
    page.get_by_role("article").first.wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the films")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.pathname?.startsWith('/film/')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/film/" in page.url
    expect(page.locator("main")).to_be_focused()
