"""The exported text model, which all tests share and keep for the next run: an export takes many seconds."""

import fcntl
from pathlib import Path

from movie_genie.data import minilm_export

CACHE = Path(__file__).resolve().parents[1] / ".pytest_cache/text_model"

export_in = minilm_export.exported
"""The function itself, which conftest.py puts `exported` in the place of."""


def exported() -> Path:
    """The folder that `MiniLM.load` opens; processes that ask at once wait for the first."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return export_in(CACHE)
