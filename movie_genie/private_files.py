"""Files and folders that only the user who runs the program can open, whatever the umask says."""

import os
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


def private_folder(path: Path) -> Path:
    """Make a folder, or close one that is there to others; a folder that is another user's stays as it is.

    One that everybody may write to, as /tmp, is theirs too and is not closed.
    """
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    found = path.stat()
    if not found.st_mode & stat.S_ISVTX:
        _close(path, found)
    return path


def private_file(path: Path) -> Path:
    """Make an empty file, in a private folder where there is none yet, or close one that is there to others."""
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    # One that is there is not opened: closing it would take away the locks that SQLite holds on it in this process.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    _close(path, path.stat())
    return path


def _close(path: Path, found: os.stat_result) -> None:
    """Take everybody else's rights away, where that is ours to do."""
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077 and found.st_uid == os.geteuid():
        path.chmod(mode & ~0o077)
