"""Which code and which data are in use: the git commit, the sources' and the ratings' checksums."""

import hashlib
import subprocess
from pathlib import Path

import yaml

RATINGS = "data/raw/ratings.parquet"
PACKAGE = Path(__file__).resolve().parent


def git_revision(root: Path) -> str | None:
    """The commit checked out in `root`, with `-dirty` when tracked files differ; None where git knows none.

    `dvc.lock` does not count as a difference: a run of the pipeline writes it.
    """
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ":!dvc.lock")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}-dirty" if changed else commit


def data_revision(root: Path) -> str | None:
    """The checksum that DVC keeps of the ratings in use; None before they were first ingested."""
    try:
        lock = yaml.safe_load((root / "dvc.lock").read_text(encoding="utf-8"))
        outs = lock["stages"]["ingest"]["outs"]
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        return None
    return next((str(out["md5"]) for out in outs if out["path"] == RATINGS and "md5" in out), None)


def code_revision() -> str:
    """The first 12 hex digits of the sha256 over the package's sources as they are on disk now.

    A server takes it once, when it starts. A deployment that finds another one starts the server anew, also
    where the change was in code that no server runs: so there is no list of such code to keep.
    """
    whole = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            body = path.read_bytes()
            whole.update(f"{path.relative_to(PACKAGE).as_posix()} {len(body)}\n".encode())
            whole.update(body)
    return whole.hexdigest()[:12]


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()
