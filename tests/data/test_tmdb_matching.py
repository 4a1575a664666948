import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_genie.data.film_titles import main_title, natural, spellings
from movie_genie.data.tmdb import Hit
from movie_genie.data.tmdb_answers import Film, confident_match


def hit(tmdb_id: int, title: str, date: str | None, original: str = "") -> Hit:
    return Hit(id=tmdb_id, title=title, original_title=original, release_date=date)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Matrix, The", "The Matrix"),
        ("Christmas Carol, A", "A Christmas Carol"),
        ("Auberge espagnole, L'", "L'Auberge espagnole"),
        ("Street Fighter, The (Gekitotsu! Satsujin ken)", "The Street Fighter (Gekitotsu! Satsujin ken)"),
        (
            "City of Lost Children, The (Cité des enfants perdus, La)",
            "The City of Lost Children (La Cité des enfants perdus)",
        ),
        ("Good, the Bad and the Ugly, The", "The Good, the Bad and the Ugly"),
        ("Steamboat Bill, Jr.", "Steamboat Bill, Jr."),
        ("I, Robot", "I, Robot"),
        ("Me, Myself & Irene", "Me, Myself & Irene"),
        ("Heat", "Heat"),
    ],
)
def test_an_article_returns_to_the_front(title: str, expected: str) -> None:
    assert natural(title) == expected
    assert natural(expected) == expected


@given(st.text(st.sampled_from("AaTheL' ,()"), max_size=30))
def test_a_title_keeps_its_letters(title: str) -> None:
    def without_commas(text: str) -> list[str]:
        return sorted(text.replace(",", "").replace(" ", ""))

    assert without_commas(natural(title)) == without_commas(title)
    assert spellings(title) == spellings(title.upper())


def test_a_monstrous_title_takes_no_time() -> None:
    began = time.monotonic()
    natural("x, " * 100_000)
    spellings("(" * 100_000)
    assert time.monotonic() - began < 5


def test_brackets_hold_other_titles() -> None:
    assert main_title("Seven (a.k.a. Se7en)") == "Seven"
    assert main_title("(500) Days of Summer") == "Days of Summer"
    assert main_title("(Untitled)") == "(Untitled)"
    assert spellings("Seven (a.k.a. Se7en)") == {"seven", "se7en"}
    assert spellings("Amélie & Co.") == spellings("Amelie and Co")


@pytest.mark.parametrize(
    ("film", "hits", "expected"),
    [
        (("Heat", 1995), [hit(1, "Heat", "1995-12-15"), hit(2, "Heat Wave", "1995-01-01")], 1),
        (("Heat", 1995), [hit(1, "Heat", "1996-01-01")], 1),
        (("Heat", 1995), [hit(1, "Heat", "1994-01-01"), hit(2, "Heat", "1995-01-01")], 2),
        (("Heat", 1995), [hit(1, "Heat", "1972-01-01")], None),
        (("Heat", 1995), [hit(1, "Heat", "")], None),
        (("Heat", 1995), [hit(1, "Heat", "1995-01-01"), hit(2, "Heat", "1995-06-01")], None),
        (("Heat", None), [hit(1, "Heat", "1972-01-01")], 1),
        (("Heat", None), [hit(1, "Heat", "1972-01-01"), hit(2, "Heat", "1995-01-01")], None),
        (("The Crystal (Bergkristall)", 2004), [hit(1, "Rock Crystal", "2004-11-18", "Bergkristall")], 1),
        (("東京物語", 1953), [hit(1, "Tokyo Story", "1953-11-03", "東京物語")], 1),
        (("!!!", 1990), [hit(1, "???", "1990-01-01")], None),
        (("Heat", 1995), [], None),
        (("Heat", 1995), [hit(1, "Heat", "1993-12-31"), hit(2, "Heat", "1997-01-01")], None),
        (("Heat", 1995), [hit(1, "Heat", "1994-01-01"), hit(2, "Heat", "1996-01-01")], None),
        (("Heat", 1995), [hit(1, "Heat", ""), hit(2, "Heat", "1996-01-01")], 2),
        (("Heat", 1995), [hit(1, "Other", "1995-01-01", "Heat"), hit(2, "Heat", "1996-01-01")], 1),
    ],
)
def test_only_a_sure_match_is_taken(
    film: tuple[str, int | None], hits: list[Hit], expected: int | None
) -> None:
    match = confident_match(Film(1, film[0], film[1], None, None), hits)
    assert (match and match.tmdb_id) == expected
