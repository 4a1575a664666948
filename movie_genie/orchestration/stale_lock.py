"""Clear what a killed DVC left behind: `python -m movie_genie.orchestration.stale_lock [PROJECT]`.

While a stage runs, DVC keeps its process number and command line in `.dvc/tmp/rwlock`. A DVC that is killed
leaves them there. DVC itself removes an entry whose process is gone, but waits for ever where another process
has been given that number since (after a restart, and often in containers). Here an entry counts only while its
number belongs to a process with its arguments.

DVC writes dvc.lock in place. Killed meanwhile, it leaves the file empty or cut off, and refuses to read it from
then on. Such a file is replaced by one without stages: the run cache restores each without running it.

DVC's own locks on both files are held meanwhile: this can run at any time, beside any number of DVC processes.
"""

import fcntl
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import yaml

from movie_genie.files import write_text
from movie_genie.orchestration.dvc_yaml import LOADER

NO_STAGES = 'schema: "2.0"\n'
"""A dvc.lock of a project in which nothing has run."""


def command_line(pid: int) -> str | None:
    """The command line of a running process; None where there is none, or only its exit status is left."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return None


def is_held(entry: Mapping[str, Any], running: Callable[[int], str | None] = command_line) -> bool:
    """Whether the process of a lock's entry still runs; its number alone may be another's by now.

    An entry is `{"pid": int, "cmd": str}`, as DVC writes it (hence Any).
    """
    try:
        now = running(entry["pid"])
    except psutil.AccessDenied:  # macOS tells nothing of other users' processes: it may be a DVC at work
        return True
    # The first word may differ: `dvc` is `python -m dvc` to the system where it was started so.
    return now is not None and now.endswith(entry["cmd"].partition(" ")[2])


def clear_stale(project: Path, running: Callable[[int], str | None] = command_line) -> list[str]:
    """Remove entries of killed DVCs from a project's rwlock, end their stages, replace a broken dvc.lock.

    Returns
    -------
    One line for each process whose entries were removed, and one if dvc.lock was replaced.
    """
    return [*_clear_entries(project, running), *_replace_broken_record(project)]


def _clear_entries(project: Path, running: Callable[[int], str | None]) -> list[str]:
    rwlock = project / ".dvc" / "tmp" / "rwlock"
    if not rwlock.exists():
        return []
    with (rwlock.parent / "rwlock.lock").open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # the lock that DVC takes around each change of the file
        try:
            entries = json.loads(rwlock.read_text())
        except FileNotFoundError:
            return []
        except ValueError:  # killed while writing it: no DVC can read it, its holders' included
            rwlock.unlink()
            return ["the lock file was half written and is removed"]
        stale: dict[int, str] = {}

        def holds(entry: Mapping[str, Any]) -> bool:  # Any: see is_held
            held = is_held(entry, running)
            if not held:
                stale[entry["pid"]] = entry["cmd"]
            return held

        kept = {
            "write": {path: entry for path, entry in entries.get("write", {}).items() if holds(entry)},
            "read": {
                path: readers
                for path, all_readers in entries.get("read", {}).items()
                if (readers := [entry for entry in all_readers if holds(entry)])
            },
        }
        for pid in stale:
            _end_orphans(pid, running)
        if stale:
            temporary = rwlock.with_suffix(".tmp")
            temporary.write_text(json.dumps(kept))
            temporary.replace(rwlock)
        return [
            f"{command} (process {pid}) was killed; its lock is cleared" for pid, command in stale.items()
        ]


def _end_orphans(pid: int, running: Callable[[int], str | None]) -> None:
    """End what a killed DVC left running, since its stage is about to run again.

    A task's DVC leads its own process group, and no process is given a number that a group still bears: where
    the leader is gone, the group's members are its orphans. (A server that it started has left the group.)
    """
    if pid > 1 and running(pid) is None:
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def _replace_broken_record(project: Path) -> list[str]:
    record = (project / "dvc.lock").resolve()  # where it is a link, to a volume, what it leads to is replaced
    guard = project / ".dvc" / "tmp" / "lock"
    if not record.exists() or is_whole(record.read_bytes()) or not guard.exists():
        return []
    with guard.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # whoever was just writing it has finished
        if not record.exists() or is_whole(record.read_bytes()):
            return []
        write_text(record, NO_STAGES)
    return ["dvc.lock was half written and is empty now; what ran before is restored from the cache"]


def is_whole(record: bytes) -> bool:
    """Whether a dvc.lock was written to its end, or at least to where DVC can read it.

    DVC writes it from the front, so what is missing is its end: the end of a line, or the value of a key.
    """
    if not record.endswith(b"\n") or record.endswith(b":\n"):
        return False
    try:
        yaml.load(record, Loader=LOADER)  # noqa: S506  # see there
    except yaml.YAMLError:
        return False
    return True


if __name__ == "__main__":
    for line in clear_stale(Path(sys.argv[1] if len(sys.argv) > 1 else ".")):
        print(line, flush=True)
