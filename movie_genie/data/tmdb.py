"""The TMDB client: one polite, patient HTTP session, and answers that are checked before anyone sees them.

API: developer.themoviedb.org, version 3. A key of version 3 goes into the query, a token of version 4 into a
header; neither gets into a log line, an error or a file.
"""

import logging
import re
from typing import Annotated, TypeVar

import requests
from pydantic import BaseModel, BeforeValidator, ValidationError
from requests_ratelimiter import LimiterAdapter
from urllib3.util import Retry

from movie_genie.errors import UserError

LONGEST_WAIT_SECONDS = 60
"""The longest pause before the next try, whatever the server's `Retry-After` asks for."""

UNREACHED_TRIES = 2
"""Tries after a first one that reached no server: a missing network should not hold the stage up."""

AT_ONCE = 8
"""Requests under way at a time: at TMDB's usual tenth of a second, enough to come near its limit."""

TALKATIVE = ("urllib3.connectionpool", "urllib3.util.retry")
"""Loggers that write a request's address, key and all, and a line for every try; silent while a client is open."""

A = TypeVar("A", bound=BaseModel)
Text = Annotated[str | None, BeforeValidator(lambda value: value or None)]
"""TMDB writes an empty text, or null, for what it does not know."""


class Unreachable(Exception):  # noqa: N818, it says what TMDB is
    """No server was reached, or none answered in time: the network, not the request, is at fault."""


class Named(BaseModel):
    """A keyword."""

    name: str


class Actor(BaseModel):
    """A member of the cast; `order` 0 is named first."""

    name: str
    order: int = 0


class Crew(BaseModel):
    """Someone behind the camera."""

    name: str
    job: str


class Credits(BaseModel):
    """Who made a film."""

    cast: list[Actor]
    crew: list[Crew]


class Keywords(BaseModel):
    """What a film is about, in TMDB's words."""

    keywords: list[Named]


class Details(BaseModel):
    """The answer to `movie/{id}?append_to_response=credits,keywords`, less what nobody needs here."""

    id: int
    overview: Text = None
    runtime: Annotated[int | None, BeforeValidator(lambda value: value or None)] = (
        None  # minutes; 0 is unknown
    )
    poster_path: Text = None
    backdrop_path: Text = None
    credits: Credits
    keywords: Keywords


class Hit(BaseModel):
    """A film in a list of results."""

    id: int
    title: str
    original_title: str = ""
    release_date: Text = None  # 1999-10-15

    @property
    def year(self) -> int | None:
        """The year of release, where it is known."""
        found = re.match(r"\d{4}", self.release_date or "")
        return int(found[0]) if found else None


class Found(BaseModel):
    """The answer to `find/{imdb_id}`."""

    movie_results: list[Hit]


class Searched(BaseModel):
    """The first page of the answer to `search/movie`."""

    results: list[Hit]


class Client:
    """Asks TMDB. Threads may share it; use it as a context manager, which closes its connections."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        requests_per_second: float,
        timeout_seconds: float,
        retries: int,
        backoff_seconds: float = 0.5,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", key):
            raise UserError(
                "TMDB_API_KEY: holds characters that no key has; copy it again from themoviedb.org"
            )
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout_seconds
        retry = Retry(
            total=retries,
            connect=min(retries, UNREACHED_TRIES),
            read=min(retries, UNREACHED_TRIES),
            status_forcelist=(429, 500, 502, 503, 504),
            allowed_methods=("GET",),
            backoff_factor=backoff_seconds,
            retry_after_max=LONGEST_WAIT_SECONDS,
            raise_on_status=False,
        )
        adapter = LimiterAdapter(
            per_second=requests_per_second,
            limit_statuses=(),  # Retry-After is obeyed above; here the library would log the address, key and all
            max_retries=retry,
            pool_maxsize=AT_ONCE,
        )
        self._session = requests.Session()
        self._session.mount(self._base_url, adapter)
        self._session.headers["Accept"] = "application/json"
        if key.count(".") == 2:  # a JSON web token
            self._session.headers["Authorization"] = f"Bearer {key}"
        else:
            self._session.params = {"api_key": key}
        for name in TALKATIVE:
            logging.getLogger(name).addFilter(_nothing)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()
        for name in TALKATIVE:
            logging.getLogger(name).removeFilter(_nothing)

    def get(self, path: str, parameters: dict[str, str], answer: type[A], film: str) -> A | None:
        """Ask for `path`; None where TMDB does not know it (404).

        Raises
        ------
        Unreachable
            When no answer came.
        UserError
            When the key is refused, the server still fails after all retries, or the answer is not what the
            API promises; names `film`, for which it was asked.
        """
        where = f"TMDB: {path} ({film})"
        try:
            response = self._session.get(
                f"{self._base_url}/{path}", params=parameters, timeout=self._timeout, allow_redirects=False
            )
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise Unreachable(type(error).__name__) from None  # its text holds the address, key and all
        except requests.RequestException as error:
            raise UserError(f"{where}: {type(error).__name__}; is tmdb_base_url right?") from None
        if response.status_code == 404 and _is_tmdbs(response):
            return None
        if response.status_code == 401:
            raise UserError(
                "TMDB_API_KEY is refused by TMDB (401); see the API settings of your TMDB account"
            )
        if response.status_code != 200:
            raise UserError(
                f"{where}: answered {response.status_code} {response.reason}; "
                "run the stage again later: what was fetched is kept"
            )
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            key = ".".join(str(part) for part in problem["loc"])
            raise UserError(
                f"{where}: answer not as the API promises: {key + ': ' if key else ''}{problem['msg']}"
            ) from None


def _is_tmdbs(response: requests.Response) -> bool:
    """Whether an error is TMDB's own, and not that of a server at a wrong address."""
    try:
        return "status_code" in response.json()
    except ValueError:
        return False


def _nothing(_: logging.LogRecord) -> bool:
    """A log filter that lets nothing pass."""
    return False
