"""Downloads that survive a bad connection: retried, resumed where they stopped, held against an MD5."""

import logging
import math
import re
import time
import zipfile
from pathlib import Path, PurePosixPath

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from movie_genie.cli import progress
from movie_genie.data.layout import data_files
from movie_genie.errors import UserError
from movie_genie.files import digest

log = logging.getLogger(__name__)

BLOCK = 1 << 20
TIMEOUT = (10, 60)
"""Seconds until a connection, and between two pieces of an answer."""


def download(url: str, target: Path, md5: str, *, attempts: int = 5, pause: float = 1.0) -> None:
    """Fetch `url` into `target`, unless the file with that MD5 is already there.

    What has come stays in `target`.part until it is whole and its MD5 is right, so that a later call goes on
    from there (by a Range request). Only a whole, checked file ever bears the name `target`.

    Parameters
    ----------
    attempts
        How often a broken transfer is taken up again, and how often a refused request is repeated.
    pause
        Seconds before the first repetition; each further one waits twice as long.

    Raises
    ------
    UserError
        Without a network, after too many interruptions, on a refusal, on a wrong MD5, on a full disk.
    """
    if target.exists() and digest(target, "md5") == md5:
        log.info("%s: already here", target)
        return
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    resumed = part.exists()
    _fetch(url, part, attempts, pause)
    found = digest(part, "md5")
    if found != md5 and resumed:
        log.info("%s: what an earlier attempt left does not fit; starting anew", part)
        part.unlink()
        _fetch(url, part, attempts, pause)
        found = digest(part, "md5")
    if found != md5:
        part.unlink()
        raise UserError(
            f"{url}: wrong MD5: expected {md5}, got {found}; the file there has changed: "
            "choose it anew with `make data`, if that is meant"
        )
    part.replace(target)


def published_md5(url: str, *, attempts: int = 5, pause: float = 1.0) -> str:
    """Read the MD5 that GroupLens publishes beside an archive, as `MD5 (name) = hash` or `hash  name`.

    Raises
    ------
    UserError
        When it cannot be fetched, or holds no MD5.
    """
    try:
        with _session(attempts, pause) as session, session.get(f"{url}.md5", timeout=TIMEOUT) as answer:
            _refuse(url, answer)
            text = answer.text
    except requests.RequestException as error:
        raise _unreachable(f"{url}.md5", error) from error
    found = re.search(r"\b[0-9a-f]{32}\b", text.lower())
    if not found:
        raise UserError(f"{url}.md5: holds no MD5")
    return found[0]


def extract(archive: Path, folder: Path) -> list[str]:
    """Take the data files out of a GroupLens archive, into `folder`; their names.

    Each file is written under its bare name, and only where it lies directly in a folder of the archive: a
    name that climbs out of it leads nowhere.

    Raises
    ------
    UserError
        When the archive is damaged, has no ratings, or the disk is full.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = {
                PurePosixPath(name).name: name
                for name in zipped.namelist()
                if re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", name)
            }
            names = data_files(members, archive)
            for name in names:
                with zipped.open(members[name]) as packed, (folder / name).open("wb") as file:
                    while block := packed.read(BLOCK):
                        file.write(block)
    except zipfile.BadZipFile as error:
        raise UserError(f"{archive}: not a whole zip archive: {error}") from error
    except OSError as error:
        raise UserError(f"{folder}: could not be written: {error.strerror or error}") from error
    return names


def _fetch(url: str, part: Path, attempts: int, pause: float) -> None:
    """Bring `part` to its full length, taking the transfer up again where it broke."""
    with _session(attempts, pause) as session:
        for attempt in range(attempts + 1):
            have = part.stat().st_size if part.exists() else 0
            try:
                _transfer(session, url, part, have)
                return
            except requests.RequestException as error:
                now = part.stat().st_size if part.exists() else 0
                if attempt == attempts or (
                    now == 0 and have == 0
                ):  # the adapter has already repeated the request
                    if now:
                        raise UserError(
                            f"{url}: broke off after {now:,} bytes; run again to go on from there"
                        ) from error
                    raise _unreachable(url, error) from error
                log.info("%s: broke off after %s bytes, going on from there", url, f"{now:,}")
                time.sleep(pause * 2**attempt)


def _transfer(session: requests.Session, url: str, part: Path, have: int) -> None:
    # "identity", since a compressed transfer has other byte positions than the file
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            return  # nothing follows what is here; its MD5 will tell whether that is right
        _refuse(url, answer)
        goes_on = answer.status_code == requests.codes.partial_content
        length = int(answer.headers.get("Content-Length", 0))
        blocks = progress(
            answer.iter_content(BLOCK), f"{url} (MiB)", total=math.ceil(length / BLOCK) if length else None
        )
        try:
            with part.open("ab" if goes_on else "wb") as file:
                for block in blocks:
                    file.write(block)
        except requests.RequestException:
            raise
        except OSError as error:
            raise UserError(f"{part}: could not be written: {error.strerror or error}") from error


def _session(attempts: int, pause: float) -> requests.Session:
    session = requests.Session()
    retry = Retry(total=attempts, backoff_factor=pause, status_forcelist=(429, 500, 502, 503, 504))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _refuse(url: str, answer: requests.Response) -> None:
    if not answer.ok:
        raise UserError(f"{url}: the server answers {answer.status_code} {answer.reason}")


def _unreachable(url: str, error: Exception) -> UserError:
    return UserError(
        f"{url}: cannot be reached ({type(error).__name__}); check the network, or take the data that needs "
        "none: make data SOURCE=packaged"
    )
