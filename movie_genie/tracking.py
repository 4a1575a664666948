"""MLflow behind one small interface: what a training or an evaluation tells of itself.

MLflow takes seconds to import and a server may not answer, and neither may hold up a training. So the notes
go as JSON lines to a process of their own (`movie_genie/recorder.py`), which writes them to MLflow meanwhile.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from movie_genie.config import TrackingConfig
from movie_genie.config_file import load_config
from movie_genie.revisions import data_revision, git_revision

CONFIG = Path("configs/tracking.yaml")
STORE = Path("mlruns/mlflow.db")
"""The local store: a database, since MLflow retired its folder of files."""

FAREWELL_SECONDS = 30.0
"""How long a finished training waits for its recorder; longer means that a server hangs."""

log = logging.getLogger(__name__)


class Run:
    """A training or an evaluation while it is tracked; silent where tracking is off or failed."""

    def __init__(self, recorder: "subprocess.Popen[str] | None") -> None:
        self._recorder = recorder
        self._last_step = 0

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Note one point of each curve."""
        self._last_step = max(step, self._last_step)
        self._tell({"metrics": {name: float(value) for name, value in metrics.items()}, "step": step})

    def summary(self, metrics: Mapping[str, object]) -> None:
        """Note the final figures; what is no number (a checksum, a name) becomes a tag."""
        numbers = {name: float(value) for name, value in metrics.items() if isinstance(value, int | float)}
        tags = {name: str(value) for name, value in metrics.items() if name not in numbers}
        self._tell({"metrics": numbers, "tags": tags, "step": self._last_step})

    def _tell(self, note: Mapping[str, object]) -> None:
        if self._recorder is None or self._recorder.stdin is None:
            return
        try:
            self._recorder.stdin.write(json.dumps({"time": time.time(), **note}) + "\n")
            self._recorder.stdin.flush()
        except OSError:  # the recorder gave up and has said why
            self._recorder = None


@contextmanager
def track(name: str, params: Mapping[str, object]) -> Iterator[Run]:
    """Track the block as one MLflow run; run it untracked where configs/tracking.yaml says so or is absent.

    The store is `mlruns/mlflow.db`, or the server that MLFLOW_TRACKING_URI names. Trouble with it costs one
    line of warning, never the block.

    Parameters
    ----------
    name : str
        The stage's name; runs of one name are compared in the UI.
    params : Mapping[str, object]
        The configuration; nested values are written as JSON.
    """
    if not CONFIG.is_file() or not (config := load_config(CONFIG, TrackingConfig)).enabled:
        yield Run(None)
        return
    recorder = subprocess.Popen(
        [sys.executable, "-m", "movie_genie.recorder"],
        stdin=subprocess.PIPE,
        text=True,
        env=_environment(),
        start_new_session=True,  # a signal that ends the training must not keep its recorder from saying so
    )
    run = Run(recorder)
    run._tell({"start": _opening(name, params, config, Path.cwd())})
    status = "FAILED"
    try:
        yield run
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        run._tell({"end": status})
        _part(recorder)


def _opening(
    name: str, params: Mapping[str, object], config: TrackingConfig, root: Path
) -> dict[str, object]:
    tags = {
        "mlflow.source.name": name,
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": git_revision(root),
        "data_revision": data_revision(root),
    }
    return {
        "store": os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(root / STORE).resolve()}",
        "experiment": config.experiment,
        "name": name,
        "params": {
            key: value if isinstance(value, str) else json.dumps(value, default=str)
            for key, value in params.items()
        },
        "tags": {key: value for key, value in tags.items() if value is not None},
    }


def _environment() -> dict[str, str]:
    """The recorder's environment: no telemetry, and a server that is away is soon given up."""
    defaults = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
    fixed = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_LOGGING_LEVEL": "ERROR",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    return {**defaults, **os.environ, **fixed}


def _part(recorder: "subprocess.Popen[str]") -> None:
    """Let the recorder write what it has, within bounds."""
    try:
        recorder.communicate(timeout=FAREWELL_SECONDS)
    except BrokenPipeError:
        recorder.wait()
    except subprocess.TimeoutExpired:
        recorder.kill()
        recorder.wait()
        log.warning(
            "tracking: MLflow did not answer within %.0f s; this run is tracked in part", FAREWELL_SECONDS
        )
