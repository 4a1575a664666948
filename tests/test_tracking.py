"""What MLflow hears of a training, and that no trouble with it ever costs the training."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from movie_genie.errors import UserError
from movie_genie.recorder import record
from movie_genie.tracking import track

TRAINING = """
import sys, time
from movie_genie.tracking import track
with track(sys.argv[1], {"learning_rate": 0.002, "decays": [0.3, 0.8], "threads": None}) as run:
    for epoch in range(3):
        run.log({"train_loss": 1 / (epoch + 1), "validation_ndcg_at_10": epoch / 10}, step=epoch)
    run.summary({"ndcg_at_10": 0.25, "split": "abc"})
    print("trained", flush=True)
    if sys.argv[2:] == ["hang"]:
        time.sleep(60)
    if sys.argv[2:] == ["raise"]:
        raise SystemExit("no such film")
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/tracking.yaml").write_text("enabled: true\nexperiment: movie-genie\n")
    (tmp_path / "dvc.lock").write_text(
        "stages: {ingest: {outs: [{path: data/raw/ratings.parquet, md5: 0a1b}]}}\n"
    )
    (tmp_path / "training.py").write_text(TRAINING)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(name: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "training.py", name, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def runs(workspace: Path) -> dict[str, Any]:
    """Every run in the local store by name, as MLflow's own client reads it."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{workspace}/mlruns/mlflow.db")
    found = {}
    for experiment in client.search_experiments():
        for run in client.search_runs([experiment.experiment_id]):
            curve = client.get_metric_history(run.info.run_id, "validation_ndcg_at_10")
            found[run.info.run_name] = (experiment.name, run, [(point.step, point.value) for point in curve])
    return found


@pytest.mark.slow
def test_trainings_at_the_same_time_are_all_tracked_however_they_end(workspace: Path) -> None:
    ending = start("two_tower_training")
    failing = start("bert4rec_training", "raise")
    killed = start("killed", "hang")
    assert killed.stdout is not None
    assert killed.stdout.readline() == "trained\n"
    killed.send_signal(signal.SIGKILL)
    for process in (ending, failing, killed):
        process.wait(timeout=60)
    assert ending.communicate()[1] == ""
    assert (failing.returncode, failing.communicate()[1]) == (1, "no such film\n")
    deadline = time.monotonic() + 60
    while not (found := runs(workspace)).keys() >= {"killed"} or found["killed"][1].info.status == "RUNNING":
        assert time.monotonic() < deadline, "the recorder of a killed training never closed its run"
        time.sleep(0.2)

    experiment, run, curve = found["two_tower_training"]
    assert experiment == "movie-genie"
    assert run.info.status == "FINISHED"
    assert curve == [(0, 0.0), (1, 0.1), (2, 0.2)]
    assert run.data.metrics["ndcg_at_10"] == 0.25
    assert run.data.params == {"learning_rate": "0.002", "decays": "[0.3, 0.8]", "threads": "null"}
    assert run.data.tags["split"] == "abc"
    assert run.data.tags["data_revision"] == "0a1b"
    assert found["bert4rec_training"][1].info.status == "FAILED"
    assert found["killed"][1].info.status == "KILLED"


class _Broken(http.server.BaseHTTPRequestHandler):
    """A server that answers, but is no MLflow."""

    def do_GET(self) -> None:
        self.send_error(503)

    def do_POST(self) -> None:
        self.send_error(503)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def broken_server() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Broken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_server_that_is_away_or_broken_costs_a_line_not_the_training(
    workspace: Path, broken_server: str
) -> None:
    away = start("away", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    broken = start("broken", MLFLOW_TRACKING_URI=broken_server)
    for process in (away, broken):
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0
        assert out == "trained\n"
        assert err.startswith("warning: tracking: ")
        assert err.count("\n") == 1


def test_tracking_that_is_off_starts_nothing(workspace: Path) -> None:
    (workspace / "configs/tracking.yaml").write_text("enabled: false\nexperiment: movie-genie\n")
    with track("two_tower_training", {"seed": 7}) as run:
        run.log({"train_loss": 1.0}, step=0)
        run.summary({"ndcg_at_10": 0.2})
    assert not (workspace / "mlruns").exists()


def test_without_its_configuration_tracking_is_off(workspace: Path) -> None:
    (workspace / "configs/tracking.yaml").unlink()
    with track("two_tower_training", {}) as run:
        run.log({"train_loss": 1.0}, step=0)
    assert not (workspace / "mlruns").exists()


def test_a_broken_configuration_is_an_error_not_silence(workspace: Path) -> None:
    (workspace / "configs/tracking.yaml").write_text("enabled: perhaps\n")
    with pytest.raises(UserError, match=r"configs/tracking.yaml: enabled: expected boolean"), track("x", {}):
        pass


@pytest.mark.slow
def test_a_thousand_points_and_long_values_are_written_whole(workspace: Path) -> None:
    start_note = {
        "store": f"sqlite:///{workspace}/mlruns/mlflow.db",
        "experiment": "movie-genie",
        "name": "long",
        "params": {f"p{i}": "x" * 9000 for i in range(150)},
        "tags": {"t": "y" * 9000},
    }
    points = [
        {"metrics": {"validation_ndcg_at_10": i / 1000}, "step": i, "time": 1.0 + i} for i in range(1100)
    ]
    record(
        json.dumps(note)
        for note in [{"start": start_note, "time": 1.0}, *points, {"end": "FINISHED", "time": 2000.0}]
    )
    _, run, curve = runs(workspace)["long"]
    assert run.info.start_time == 1000
    assert len(run.data.params) == 150
    assert len(curve) == 1100


def test_importing_tracking_imports_no_mlflow() -> None:
    program = "import sys, movie_genie.tracking; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
