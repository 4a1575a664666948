"""Finds films on TMDB; each answer is kept in a file of its own, so that nothing is ever asked twice.

A film takes one request where its TMDB id is known, and one more to find the id by the IMDb id or by title and
year. That TMDB does not know a film is an answer too. To ask anew, delete the file or the folder.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from movie_genie.cli import progress
from movie_genie.data.film_titles import main_title, spellings
from movie_genie.data.tmdb import AT_ONCE, Client, Details, Found, Hit, Searched, Unreachable
from movie_genie.errors import UserError
from movie_genie.files import read_json, write_json

MOST_CAST = 10
"""Actors kept of a film, the first named first."""

IMDB_ID = re.compile(r"tt\d{7,}")

log = logging.getLogger(__name__)
K = TypeVar("K", bound=BaseModel)


@dataclass(frozen=True)
class Film:
    """A film to be found: its natural title, and the ids that are known."""

    movie_id: int
    title: str
    year: int | None
    imdb_id: str | None
    tmdb_id: int | None

    def __str__(self) -> str:
        return f"{self.title} ({self.year})" if self.year else self.title


class Facts(BaseModel):
    """What TMDB knows of a film: METADATA's columns."""

    tmdb_id: int
    overview: str | None
    keywords: list[str]
    cast: list[str]
    directors: list[str]
    runtime: int | None  # minutes
    poster_path: str | None
    backdrop_path: str | None


class Match(BaseModel):
    """The film that a search has found."""

    tmdb_id: int


def look_up(films: Sequence[Film], folder: Path, client: Client | None) -> dict[int, Facts]:
    """What TMDB knows of the films, by movie_id; without a client, or a network, what is kept in `folder`.

    Raises
    ------
    UserError
        When TMDB refuses the key, keeps failing or answers with what it should not; what has been fetched
        is kept. Also when a kept file is damaged.
    """
    if client:
        try:
            _ask_for_all(films, _Answers(folder, client))
        except Unreachable as error:
            log.info("TMDB cannot be reached (%s): going on with what is known", error)
    kept = _Answers(folder, None)
    return {film.movie_id: facts for film in films if (facts := kept.facts(film))}


def _ask_for_all(films: Sequence[Film], answers: "_Answers") -> None:
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for _ in progress(pool.map(answers.facts, films), "Asking TMDB", len(films)):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


class _Answers:
    """Answers kept in `folder`; those that are not there are fetched by `client` if there is one."""

    def __init__(self, folder: Path, client: Client | None) -> None:
        self._folder, self._client = folder, client

    def facts(self, film: Film) -> Facts | None:
        """What is known of the film; None where TMDB does not know it or was not asked."""
        tmdb_id = film.tmdb_id or self._match(film)
        if tmdb_id is None:
            return None

        def fetch(client: Client) -> Facts | None:
            details = client.get(
                f"movie/{tmdb_id}", {"append_to_response": "credits,keywords"}, Details, str(film)
            )
            return _facts(details) if details else None

        return self._answer(f"movie/{tmdb_id}", Facts, fetch)

    def _match(self, film: Film) -> int | None:
        if film.imdb_id and IMDB_ID.fullmatch(film.imdb_id):
            match = self._answer(f"find/{film.imdb_id}", Match, lambda client: _find(client, film))
        else:
            asked = hashlib.sha256(str(film).encode()).hexdigest()[
                :16
            ]  # a title may hold what no file name may
            match = self._answer(f"search/{asked}", Match, lambda client: _search(client, film))
        return match.tmdb_id if match else None

    def _answer(self, name: str, kind: type[K], fetch: Callable[[Client], K | None]) -> K | None:
        path = self._folder / f"{name}.json"
        if path.exists():
            kept = read_json(path)
            try:
                return None if kept["answer"] is None else kind.model_validate(kept["answer"])
            except (KeyError, ValidationError):
                raise UserError(f"{path}: not an answer of TMDB as it is kept; delete the file") from None
        if self._client is None:
            return None
        answer = fetch(self._client)
        write_json(path, {"answer": answer.model_dump() if answer else None})
        return answer


def _facts(details: Details) -> Facts:
    cast = sorted(details.credits.cast, key=lambda actor: actor.order)
    directors = [person.name for person in details.credits.crew if person.job == "Director"]
    return Facts(
        tmdb_id=details.id,
        overview=details.overview,
        keywords=[keyword.name for keyword in details.keywords.keywords],
        cast=[actor.name for actor in cast[:MOST_CAST]],
        directors=list(dict.fromkeys(directors)),
        runtime=details.runtime,
        poster_path=details.poster_path,
        backdrop_path=details.backdrop_path,
    )


def _find(client: Client, film: Film) -> Match | None:
    found = client.get(f"find/{film.imdb_id}", {"external_source": "imdb_id"}, Found, str(film))
    return Match(tmdb_id=found.movie_results[0].id) if found and found.movie_results else None


def _search(client: Client, film: Film) -> Match | None:
    asked = {"query": main_title(film.title)} | ({"year": str(film.year)} if film.year else {})
    found = client.get("search/movie", asked, Searched, str(film))
    return confident_match(film, found.results) if found else None


def confident_match(film: Film, hits: Sequence[Hit]) -> Match | None:
    """The one result that has the film's title, and its year or the next; None if there is none, or several.

    A premiere may lie in the year before the release, so a neighbouring year counts where no result has the
    very year.
    """
    titles = spellings(film.title)
    same = [hit for hit in hits if titles & (spellings(hit.title) | spellings(hit.original_title))]
    if film.year is not None:
        apart = {hit.id: abs(hit.year - film.year) for hit in same if hit.year is not None}
        same = [hit for hit in same if apart.get(hit.id) == 0] or [
            hit for hit in same if apart.get(hit.id) == 1
        ]
    return Match(tmdb_id=same[0].id) if len(same) == 1 else None
