"""The process beside a training that writes to MLflow; see movie_genie/tracking.py, which starts it.

It reads JSON lines from its input until an `end`, or until the training is gone without one.
"""

import fcntl
import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLUSH_SECONDS = 5.0
"""Notes are written in batches: a store call costs more than a note."""

PER_CALL = 100
"""MLflow takes up to 100 parameters or tags and 1000 metrics a call; one number for all keeps this simple."""

LONGEST_VALUE = 5000
"""MLflow refuses longer parameters and tags."""

Note = dict[str, Any]  # Any: a line of JSON from the training


class Recorder:
    """One MLflow run, written in batches."""

    def __init__(self, opening: Note) -> None:
        from mlflow.entities import Param, RunTag
        from mlflow.tracking import MlflowClient

        start = opening["start"]
        with _alone(start["store"]):
            self._client = MlflowClient(tracking_uri=start["store"])
        self._pending: list[Note] = []
        self._written = time.monotonic()
        run = self._client.create_run(
            _experiment(self._client, start["experiment"]),
            start_time=int(opening["time"] * 1000),  # the training's, not this process's
            run_name=start["name"],
        )
        self._run_id = run.info.run_id
        self._write(
            params=[Param(key, value[:LONGEST_VALUE]) for key, value in start["params"].items()],
            tags=[RunTag(key, value) for key, value in start["tags"].items()],
        )

    def note(self, note: Note) -> None:
        """Keep a note; write what is kept when the last writing was a while ago."""
        self._pending.append(note)
        if time.monotonic() - self._written >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is kept."""
        from mlflow.entities import Metric, RunTag

        metrics = [
            Metric(key, value, int(note["time"] * 1000), note["step"])
            for note in self._pending
            for key, value in note["metrics"].items()
        ]
        tags = [
            RunTag(key, value[:LONGEST_VALUE])
            for note in self._pending
            for key, value in note.get("tags", {}).items()
        ]
        self._write(metrics=metrics, tags=tags)
        self._pending.clear()
        self._written = time.monotonic()

    def end(self, status: str) -> None:
        """Write what is kept and close the run as FINISHED, FAILED or KILLED."""
        self.flush()
        self._client.set_terminated(self._run_id, status)

    def _write(self, **lists: list[Any]) -> None:  # Any: MLflow's entities
        for start in range(0, max(map(len, lists.values())), PER_CALL):
            piece = {kind: values[start : start + PER_CALL] for kind, values in lists.items()}
            self._client.log_batch(self._run_id, **piece)


@contextmanager
def _alone(store: str) -> Iterator[None]:
    """Hold other recorders off a local store: MLflow breaks when two create or migrate its tables at once."""
    if not store.startswith("sqlite:///"):
        yield
        return
    folder = Path(store.removeprefix("sqlite:///")).parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _experiment(client: Any, name: str) -> str:  # Any: MLflow's client is untyped
    """The experiment's id. Two trainings start at the same time: the later finds what the earlier made."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name))
    except MlflowException:
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return str(found.experiment_id)


def record(lines: Iterable[str]) -> None:
    """Write one run to MLflow from a training's notes; a training that ends without a word was killed."""
    notes = map(json.loads, lines)
    recorder = Recorder(next(notes))
    for note in notes:
        if "end" in note:
            recorder.end(note["end"])
            return
        recorder.note(note)
    recorder.end("KILLED")


if __name__ == "__main__":
    try:
        record(sys.stdin)
    except Exception as error:  # whatever MLflow raises, the training must go on
        reason = " ".join(str(error).split())[:300]
        print(
            f"warning: tracking: MLflow could not be written, this run is not tracked: {reason}",
            file=sys.stderr,
        )
        sys.exit(1)
