"""Which code a server runs, so that a deployment sees whether it must be restarted."""

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
ROOMS = ("backend", "deployment", "releases", "engine", "retrieval", "ranking")
DATA = ("schemas.py", "minilm.py", "film_titles.py")
"""What a server imports, beside the package's own modules."""


def code_hash() -> str:
    """The first 12 hex digits of the sha256 over the server's sources as they are on disk now.

    A server calls this once when it starts and reports it as `code` of /api/health.
    """
    paths = [*PACKAGE.glob("*.py"), *(PACKAGE / "data" / name for name in DATA)]
    paths += [path for room in ROOMS for path in (PACKAGE / room).rglob("*.py")]
    whole = hashlib.sha256()
    for path in sorted(paths):
        body = path.read_bytes()
        whole.update(f"{path.relative_to(PACKAGE).as_posix()} {len(body)}\n".encode())
        whole.update(body)
    return whole.hexdigest()[:12]
