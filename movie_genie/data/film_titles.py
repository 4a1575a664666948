"""Titles as people write them, from titles as MovieLens sorts them."""

import re
import unicodedata

ARTICLES = (
    *("The", "An", "A", "L'", "La", "Les", "Le", "Une", "Un", "Una", "Il", "I", "Gli", "Lo"),
    *("Los", "Las", "El", "Der", "Die", "Das", "Eine", "Ein", "Den", "Det", "De", "En"),
)
SORTED = re.compile(rf"(?:^|(?<=\())(?P<rest>[^()]+), (?P<article>{'|'.join(ARTICLES)})(?= *(?:[()]|$))")
ALSO_KNOWN_AS = re.compile(r"^\s*a\.?k\.?a\.?:?\s+", re.IGNORECASE)


def natural(title: str) -> str:
    """Put an article that was moved behind the comma back to the front, in brackets too.

    >>> natural("City of Lost Children, The (Cité des enfants perdus, La)")
    'The City of Lost Children (La Cité des enfants perdus)'
    >>> natural("Auberge espagnole, L'")
    "L'Auberge espagnole"
    """
    return SORTED.sub(lambda found: _joined(found["article"], found["rest"]), title)


def _joined(article: str, rest: str) -> str:
    return article + rest if article.endswith("'") else f"{article} {rest}"


def main_title(title: str) -> str:
    """A natural title without what stands in brackets.

    >>> main_title("Seven (a.k.a. Se7en)")
    'Seven'
    """
    return " ".join(re.sub(r"\([^()]*\)", " ", title).split()) or title


def spellings(title: str) -> set[str]:
    """What a natural title may be compared by: it and each title in its brackets, by letters and digits alone.

    >>> sorted(spellings("Amélie & Co. (a.k.a. Le Fabuleux destin)"))
    ['amelieandco', 'lefabuleuxdestin']
    """
    others = (ALSO_KNOWN_AS.sub("", other) for other in re.findall(r"\(([^()]*)\)", title))
    return {_letters(each) for each in (main_title(title), *others)} - {""}


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    return "".join(character for character in plain if character.isalnum())
