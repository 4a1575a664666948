"""What `--status` says, without a pipeline run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from movie_genie.errors import UserError
from movie_genie.pipeline.dvc import changes, ever_run, pipeline_of
from movie_genie.pipeline.status import StageStatus, metric_lines

PIPELINE = """\
stages:
  second: {cmd: fit b, metrics: [models/b/metrics.json]}
  first: {cmd: fit a, outs: [models/a/weights], metrics: [models/a/metrics.json]}
  evaluate: {cmd: judge, deps: [models], metrics: [results/key_metrics.json, results/gate.json]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    return tmp_path


def write(project: Path, path: str, metrics: object) -> None:
    (project / path).parent.mkdir(parents=True, exist_ok=True)
    (project / path).write_text(json.dumps(metrics))


def test_a_status_reads_well() -> None:
    assert str(StageStatus("a", "up to date")) == "up to date"
    assert str(StageStatus("a", "running")) == "running"
    assert str(StageStatus("a", "waiting", "b")) == "waits for b, which runs or waits itself"
    assert str(StageStatus("a", "changed", "x modified")) == "to be run: x modified"
    assert str(StageStatus("a", "behind", "b")) == "to be checked after b"


def test_every_model_of_the_pipeline_and_every_protocol_is_shown(project: Path) -> None:
    assert metric_lines(project, pipeline_of(project)) == []
    write(project, "models/a/metrics.json", {"ndcg_at_10": 0.1, "training_time_seconds": 61.2})
    write(project, "models/b/metrics.json", {"ndcg_at_10": 0.25, "recall_at_10": 0.5})
    write(project, "models/of_another_pipeline/metrics.json", {"ndcg_at_10": 0.9})
    key = {"in_time_integrated_ndcg_at_10": 0.06, "in_time_popularity_ndcg_at_10": 0.01, "other": 1}
    write(project, "results/key_metrics.json", key)
    write(project, "results/gate.json", {"passed": False})
    assert metric_lines(project, pipeline_of(project)) == [
        "b: ndcg_at_10 0.250, recall_at_10 0.500",
        "a: ndcg_at_10 0.100, trained in 61 s",
        "in_time, integrated: ndcg_at_10 0.060",
        "in_time, popularity: ndcg_at_10 0.010",
        "gate: FAILED",
    ]


@pytest.mark.parametrize("record", ["", "schema: '2.0'\nstages:\n  a: {cmd", "schema: '2.0'\nstages:\n"])
def test_a_record_that_dvc_is_just_writing_is_no_error(tmp_path: Path, record: str) -> None:
    assert ever_run(tmp_path) == set()
    (tmp_path / "dvc.lock").write_text(record)
    assert ever_run(tmp_path) == set()


def test_a_dvc_that_takes_too_long_is_one_line(project: Path) -> None:
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=project, check=True)
    with pytest.raises(UserError, match=r"^dvc status: did not end in time$"):
        changes(project, ["first"], within=0.01)
