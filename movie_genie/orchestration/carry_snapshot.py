"""Carry a snapshot between machines: `python -m movie_genie.orchestration.carry_snapshot push|pull FILE`.

A snapshot is an input that no stage makes, so DVC carries it nowhere; yet all machines must run a pipeline on
the same one. `push` stores the file in the DVC remote under its own digest and prints that as its last line.
`pull` brings here the file of the digest in the variable SNAPSHOT; `none` stands for no file.
"""

import hashlib
import os
import re
import sys
import uuid
from pathlib import Path
from typing import Any

from movie_genie.orchestration.stage_tasks import SNAPSHOT

NO_FILE = "none"


class SnapshotError(Exception):
    """One line: which snapshot cannot be carried, and why."""


def push(file: Path, remote: Any) -> str:  # Any: DVC's remote; DVC has no types
    """Store a file in the remote; returns its digest, or `none` where there is no file."""
    if not file.exists():
        return NO_FILE
    digest = _digest(file)
    place = _place(remote, digest)
    if not remote.fs.exists(place):
        remote.fs.makedirs(remote.fs.parent(place))
        # Under a name of its own until it is whole: several may push it, and a transfer may break off.
        unfinished = f"{place}.{uuid.uuid4().hex}"
        remote.fs.put_file(str(file), unfinished)
        remote.fs.move(unfinished, place)
    return digest


def pull(file: Path, digest: str, remote: Any) -> None:  # Any: see push
    """Make `file` the one of this digest.

    Raises
    ------
    SnapshotError
        When the digest is none, the remote does not have its file, or has another under its name.
    """
    if digest == NO_FILE:
        file.unlink(missing_ok=True)
        return
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise SnapshotError(f"{SNAPSHOT}={digest!r}: expected a sha256; did the snapshot's task run?")
    if file.exists() and _digest(file) == digest:
        return
    place = _place(remote, digest)
    if not remote.fs.exists(place):
        raise SnapshotError(f"{place}: not in the DVC remote; run the snapshot's task again")
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        remote.fs.get_file(place, str(temporary))
        if _digest(temporary) != digest:
            raise SnapshotError(
                f"{place}: its content is not what its name says; remove it and take a new one"
            )
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _place(remote: Any, digest: str) -> str:  # Any: see push
    return str(remote.fs.join(remote.path, "snapshots", digest))


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def main(direction: str, file: str) -> None:
    """Run the command line."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            remote = repo.cloud.get_remote(command=direction)
        if direction == "push":
            print(push(Path(file), remote))
        else:
            pull(Path(file), os.environ.get(SNAPSHOT, ""), remote)
    except (SnapshotError, DvcException, OSError) as error:
        sys.exit(f"error: {' '.join(str(error).split())}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [("push" | "pull") as direction, file]:
            main(direction, file)
        case _:
            sys.exit("usage: python -m movie_genie.orchestration.carry_snapshot push|pull FILE")
