"""Stage `frontend_build`: the web app, built by npm and put in place in one step."""

import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from movie_genie.config import FrontendConfig
from movie_genie.errors import UserError
from movie_genie.files import atomic_path, digest, write_text

INSTALLED = "node_modules/.installed-lock-sha256"
"""Which package-lock.json node_modules was installed from; npm removes it with the folder."""

log = logging.getLogger(__name__)


def build(config: FrontendConfig, frontend: Path) -> None:
    """Install what package-lock.json names, unless that is done, and build `frontend/dist`.

    Raises
    ------
    UserError
        When Node.js is missing or too old, or npm fails; an earlier build then stays as it was.
    """
    require_node(config.node_min_major)
    install(frontend)
    with atomic_path(frontend / "dist") as target:
        _npm(frontend, "run", "build", "--", "--outDir", target.name, "--emptyOutDir")
        if not (target / "index.html").is_file():
            raise UserError(f"{frontend}: `npm run build` made no index.html; see its messages above")


def require_node(least_major: int) -> None:
    """See that Node.js and npm are there and new enough.

    Raises
    ------
    UserError
    """
    wanted = f"install Node.js {least_major} or newer (https://nodejs.org), then run this again"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise UserError(f"frontend: Node.js with npm was not found; {wanted}")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    version = re.match(r"v(\d+)\.", said)
    if version is None or int(version[1]) < least_major:
        raise UserError(f"frontend: found Node.js {said or 'without a version'}; {wanted}")


def install(frontend: Path) -> None:
    """Bring node_modules to what package-lock.json names; nothing where it is that already.

    Raises
    ------
    UserError
    """
    lock, stamp = frontend / "package-lock.json", frontend / INSTALLED
    if not lock.is_file():
        raise UserError(f"{lock}: not found; it belongs to the repository")
    wanted = digest(lock)
    if stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == wanted:
        log.info("node_modules is what package-lock.json names")
        return
    _npm(frontend, "ci", "--no-audit", "--no-fund")
    write_text(stamp, wanted + "\n")


def _npm(frontend: Path, *arguments: str) -> None:
    """Run npm in the folder; what it says goes where this process's output goes, in colour only to a person."""
    environment = dict(os.environ) if sys.stdout.isatty() else os.environ | {"NO_COLOR": "1"}
    done = subprocess.run(
        ["npm", *arguments], cwd=frontend, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        command = " ".join(("npm", *arguments[:2]))
        raise UserError(f"{frontend}: `{command}` failed (status {done.returncode}); see its messages above")
