"""Releases on disk: immutable folders named by their content, one of which `current` points to."""

import fcntl
import logging
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from movie_genie.artifacts import METRICS, VERDICT
from movie_genie.errors import UserError
from movie_genie.files import atomic_path, read_json, write_json
from movie_genie.releases.checks import check_files, checksums, open_checked, release_id_of, smoke_query
from movie_genie.releases.content import MANIFEST, assemble
from movie_genie.revisions import data_revision, git_revision

COMMAND = f"python -m {__package__}"
"""How a person looks after releases."""

RELEASES = "MOVIE_GENIE_RELEASES"
CURRENT = "current"
ACTIVATED = "activated.json"
"""The ids that were made current, oldest first; a rollback takes the last one off."""

WITHDRAWN = "withdrawn.json"
"""The ids that were rolled back: the same outputs, published again by a night, do not come back by themselves."""

RELEASE_ID = re.compile(r"[0-9a-f]{12}")
UNFINISHED = ".unfinished-"
"""How folders begin that are being written or removed."""

log = logging.getLogger(__name__)


def releases_folder(project: Path, environment: Mapping[str, str]) -> Path:
    """Where releases are kept: MOVIE_GENIE_RELEASES, or `releases/` in the project."""
    return project / (environment.get(RELEASES) or "releases")


@dataclass(frozen=True)
class Release:
    """A release as it is listed."""

    release_id: str
    published_at: datetime
    git_revision: str | None
    data_revision: str | None
    current: bool
    former: bool  # what a rollback goes to


def publish(project: Path, folder: Path, now: datetime) -> str:
    """Make a release of the project's outputs, verified and complete, and give its id; `current` stays.

    It is written beside the others and gets its name by a rename at the end. The same content is the same
    release: one that is already there and whole is left as it is.

    Raises
    ------
    UserError
        When an output is missing, or the release would not serve.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder), _unfinished(folder) as work:
        draft = work / "draft"
        try:
            assemble(project, draft)
        except OSError as error:  # a full disk, most likely
            raise UserError(
                f"{folder}: the release could not be written: {error.strerror or error}"
            ) from error
        files = checksums(draft)
        release_id = release_id_of(files)
        if _is_whole(folder / release_id):
            return release_id
        manifest = {
            "release_id": release_id,
            "published_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "git_revision": git_revision(project),
            "data_revision": data_revision(project),
            "metrics": read_json(draft / METRICS),
            "gate": read_json(draft / VERDICT),
            "files": files,
        }
        write_json(draft / MANIFEST, manifest)
        named = draft.rename(work / release_id)
        open_checked(named)
        with atomic_path(folder / release_id) as target:
            named.rename(target)
        return release_id


def current(folder: Path) -> str | None:
    """The id of the release in service; None before the first."""
    try:
        return Path(os.readlink(folder / CURRENT)).name  # noqa: PTH115 - called often, and this is the quickest
    except OSError:
        return None


def activate(folder: Path, release_id: str) -> None:
    """Verify a release and point `current` to it, by one rename; nothing where it points there already.

    Raises
    ------
    UserError
        When there is no such release or it would not serve; `current` then stays what it was.
    """
    with _lock(folder):
        if current(folder) == release_id:
            return
        _verify(folder, release_id)
        history = [*_activated(folder), release_id]
        _point_to(folder, release_id)
        _remember(folder, history)
        _withdraw(folder, [name for name in _withdrawn(folder) if name != release_id])


def is_withdrawn(folder: Path, release_id: str) -> bool:
    """Whether somebody rolled this release back and nobody activated it since."""
    return release_id in _withdrawn(folder)


def rollback(folder: Path) -> str:
    """Go back to the release that was in service before, and give its id. Broken ones are passed over.

    Raises
    ------
    UserError
        When there is none to go back to.
    """
    with _lock(folder):
        serving = current(folder)
        history = _activated(folder)[:-1]
        while history:
            former = history[-1]
            if former != serving:
                try:
                    _verify(folder, former)
                except UserError as error:
                    log.warning("passed over: %s", error)
                else:
                    _withdraw(folder, [*_withdrawn(folder), *([serving] if serving else [])])
                    _point_to(folder, former)
                    _remember(folder, history)
                    return former
            history.pop()
        raise UserError(f"{folder}: there is no earlier release to go back to")


def prune(folder: Path, keep: int) -> list[str]:
    """Remove all but the newest `keep` releases, and give the ids removed.

    The one in service and the one before it are always kept. What a killed process left unfinished goes too.
    """
    with _lock(folder):
        releases = listing(folder)
        kept = [release for release in releases if release.current or release.former]
        others = [release for release in releases if release not in kept]
        removed = [release.release_id for release in others[max(keep - len(kept), 0) :]]
        for release_id in removed:
            (folder / release_id).rename(folder / f"{UNFINISHED}{uuid.uuid4().hex}")
        _remember(folder, [name for name in _activated(folder) if name not in removed])
        for rest in folder.glob(f"{UNFINISHED}*"):
            if rest.is_symlink():
                rest.unlink()
            else:
                shutil.rmtree(rest)
        return removed


def listing(folder: Path) -> list[Release]:
    """All releases whose manifest can be read, the newest first."""
    serving = current(folder)
    former = next((name for name in reversed(_activated(folder)) if name != serving), None)
    releases = []
    for path in folder.glob(f"*/{MANIFEST}"):
        release_id = path.parent.name
        if not RELEASE_ID.fullmatch(release_id) or path.parent.is_symlink():
            continue
        try:
            manifest = read_json(path)
            published = datetime.fromisoformat(manifest["published_at"])
            revisions = manifest["git_revision"], manifest["data_revision"]
            if published.tzinfo is None:
                raise ValueError(f"published_at has no time zone: {manifest['published_at']!r}")
            if not all(revision is None or isinstance(revision, str) for revision in revisions):
                raise TypeError(f"a revision is no text: {revisions}")
        except (UserError, LookupError, TypeError, ValueError) as error:
            log.warning("passed over: %s: %s", path, error)
            continue
        releases.append(
            Release(release_id, published, *revisions, release_id == serving, release_id == former)
        )
    return sorted(releases, key=lambda release: (release.published_at, release.release_id), reverse=True)


def stand_ins(folder: Path) -> list[str]:
    """Ids of the releases to try, in this order, where the one in service is broken.

    The one before it comes first, then the newest; what was rolled back is better than nothing, and comes last.
    """
    withdrawn = _withdrawn(folder)
    others = [release for release in listing(folder) if not release.current]
    others.sort(key=lambda release: (release.release_id in withdrawn, not release.former))
    return [release.release_id for release in others]


def _verify(folder: Path, release_id: str) -> None:
    release = folder / release_id
    # A link under another id would pass its check, which follows links, and then be refused by every server.
    if not RELEASE_ID.fullmatch(release_id) or not release.is_dir() or release.resolve().name != release_id:
        raise UserError(f"{folder}: there is no release {release_id!r}")
    smoke_query(release)


def _is_whole(release: Path) -> bool:
    try:
        check_files(release)
    except UserError:
        return False
    return True


def _point_to(folder: Path, release_id: str) -> None:
    temporary = folder / f"{UNFINISHED}{uuid.uuid4().hex}"
    temporary.symlink_to(release_id)
    temporary.replace(folder / CURRENT)


def _activated(folder: Path) -> list[str]:
    """Ids made current, oldest first, the one in service last, whatever a kill left in the file."""
    ids = _noted(folder / ACTIVATED, "activated")
    serving = current(folder)
    return [*ids, serving] if serving is not None and ids[-1:] != [serving] else ids


def _remember(folder: Path, ids: list[str]) -> None:
    write_json(folder / ACTIVATED, {"activated": ids})


def _withdrawn(folder: Path) -> list[str]:
    return _noted(folder / WITHDRAWN, "withdrawn")


def _noted(path: Path, key: str) -> list[str]:
    """Ids that a note holds; none where it is missing or cannot be read: a lost history must not stop the service."""
    if not os.path.lexists(path):
        return []
    try:
        ids = read_json(path).get(key)
    except UserError as error:
        log.warning("taken as empty: %s", error)
        return []
    if isinstance(ids, list) and all(isinstance(name, str) for name in ids):
        return ids
    log.warning("taken as empty: %s: expected a list of ids under %r", path, key)
    return []


def _withdraw(folder: Path, ids: list[str]) -> None:
    if ids or (folder / WITHDRAWN).exists():
        write_json(folder / WITHDRAWN, {"withdrawn": list(dict.fromkeys(ids))})


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A folder to work in, on the same file system, gone afterwards."""
    work = folder / f"{UNFINISHED}{uuid.uuid4().hex}"
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Let one process at a time change the releases; a dead one's lock is gone with it."""
    if not folder.is_dir():
        raise UserError(f"{folder}: there are no releases yet; `dvc repro` publishes one")
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
