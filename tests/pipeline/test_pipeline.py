"""The real pipeline, end to end, on a small set of ratings."""

import json
import os
import re
import signal
import subprocess
import time

import pytest
import requests
import yaml
from test_definition import MADE, STAGES
from workspace import Workspace, processor_seconds

from movie_genie.orchestration.dvc_graph import load_graph

pytestmark = pytest.mark.e2e

TRAINED = ("models/two_tower/weights", "models/bert4rec/weights")
DATA = ("data/raw", "data/processed")


def changed_stages(workspace: Workspace) -> set[str]:
    """The stages that the next run would look at: changed ones, and those after them."""
    graph = load_graph(workspace.root / "dvc.yaml")
    changed = set(workspace.status())
    for name in graph.order:
        if set(graph.upstream(name)) & changed:
            changed.add(name)
    return changed


def release_id(workspace: Workspace) -> str:
    return str(requests.get(f"{workspace.url}/api/ready", timeout=5).json()["release_id"])


def test_a_first_run_makes_everything_and_serves_it(deployed: Workspace) -> None:
    assert [path for path in sorted(MADE) if not (deployed.root / path).exists()] == []
    deployment = json.loads((deployed.root / "results/deployment.json").read_text())
    assert release_id(deployed) == deployment["release_id"]
    personas = requests.get(f"{deployed.url}/api/personas", timeout=5).json()
    persona = personas["items"][0]["persona_id"]
    items = requests.get(f"{deployed.url}/api/personas/{persona}/recommendations", timeout=5).json()["items"]
    assert items
    assert items[0]["movie"]["title"].startswith("Film ")
    assert "<script" in requests.get(deployed.url, timeout=5).text


def test_a_second_repro_runs_nothing(deployed: Workspace) -> None:
    assert deployed.status() == {}
    started = processor_seconds()
    out = deployed.repro().stdout
    assert processor_seconds() - started < 5
    assert out.count("didn't change, skipping") == len(STAGES)
    assert "Running stage" not in out


def test_a_second_run_runs_nothing_and_says_where_the_app_is(deployed: Workspace) -> None:
    out = deployed.pipeline().stdout
    assert "8 unchanged" in out
    assert out.splitlines()[-1] == f"Movie Genie is at http://localhost:{deployed.port}"


def test_status_shows_stages_metrics_and_server(deployed: Workspace) -> None:
    out = deployed.pipeline("--status").stdout
    assert out.count("up to date") == len(STAGES)
    assert re.search(r"^two_tower: ndcg_at_10 0\.\d{3}, recall_at_10 ", out, re.MULTILINE)
    assert re.search(r"^temporal, integrated: ndcg_at_10 0\.\d{3}", out, re.MULTILINE)
    assert f"server: serves release {release_id(deployed)} at http://localhost:{deployed.port}" in out


def test_a_run_leaves_nothing_for_git_but_its_lock(deployed: Workspace) -> None:
    command = ["git", "status", "--porcelain"]
    done = subprocess.run(command, cwd=deployed.root, capture_output=True, text=True, check=True)
    assert {line.split()[-1] for line in done.stdout.splitlines()} <= {"dvc.lock"}


def test_metrics_are_listed_for_both_models_and_every_system(deployed: Workspace) -> None:
    metrics = json.loads(deployed.run("dvc", "metrics", "show", "--json").stdout)[""]["data"]
    for model in ("two_tower", "bert4rec"):
        names = set(metrics[f"models/{model}/metrics.json"]["data"])
        assert names >= {"recall_at_10", "recall_at_50", "ndcg_at_10", "training_time_seconds"}
    key = metrics["results/key_metrics.json"]["data"]
    for protocol in ("leave_one_out", "temporal"):
        for system in (
            "integrated",
            "two_tower",
            "popularity",
            "popularity_7_days",
            "content_profile",
            "sequential_ridge",
        ):
            assert 0 <= key[f"{protocol}_{system}_ndcg_at_10"] <= 1


def test_plots_can_be_shown(deployed: Workspace) -> None:
    out = deployed.run("dvc", "plots", "show", "--out", "run/plots").stdout
    assert "file://" in out
    assert (deployed.root / "run/plots/index.html").stat().st_size > 1000


@pytest.mark.parametrize(
    ("config", "values", "expected"),
    [
        ("two_tower", {"dropout": 0.11}, {"two_tower_training", "integrated_evaluation", "backend_server"}),
        ("bert4rec", {"dropout": 0.11}, {"bert4rec_training", "integrated_evaluation", "backend_server"}),
        ("evaluation", {"seed": 8}, {"integrated_evaluation", "backend_server"}),
        ("server", {"keep_releases": 3}, {"backend_server"}),
        ("tracking", {"experiment": "another"}, set()),
    ],
)
def test_a_changed_setting_makes_its_stage_due_and_what_depends_on_it(
    copied: Workspace, config: str, values: dict[str, object], expected: set[str]
) -> None:
    server = {"backend_server"}  # a copy has a port of its own, so its server's stage is always due
    copied.configure(config, **values)
    assert changed_stages(copied) | server == expected | server


def test_a_changed_setting_of_the_two_tower_trains_nothing_else_and_is_deployed(copied: Workspace) -> None:
    before = copied.outputs(*TRAINED)
    copied.configure("two_tower", dropout=0.11)
    out = copied.repro().stdout
    ran = re.findall(r"^Running stage '(\w+)'", out, re.MULTILINE)
    assert ran == ["two_tower_training", "integrated_evaluation", "backend_server"]
    after = copied.outputs(*TRAINED)
    assert {path for path in before if before[path] != after[path]}
    assert all(path.startswith("models/two_tower/") for path in before if before[path] != after[path])


TRAININGS = {"two_tower_training", "bert4rec_training"}


@pytest.mark.parametrize(
    ("path", "used_by"),
    [
        ("movie_genie/engine/home.py", set()),
        ("movie_genie/engine/schemas.py", set()),
        ("movie_genie/backend/views/home.py", set()),
        ("movie_genie/releases/content.py", set()),
        ("movie_genie/inference/followers.py", {"integrated_evaluation"}),
        ("movie_genie/ranking/train.py", {"bert4rec_training", "integrated_evaluation"}),
        ("movie_genie/ranking/bert4rec.py", {"bert4rec_training", "integrated_evaluation"}),
        ("movie_genie/retrieval/two_tower.py", {"two_tower_training", "integrated_evaluation"}),
        ("movie_genie/training/losses.py", TRAININGS | {"integrated_evaluation"}),
    ],
)
def test_a_changed_line_reruns_the_stages_that_use_it_and_no_others(
    deployed: Workspace, path: str, used_by: set[str]
) -> None:
    file = deployed.root / path
    code = file.read_bytes()
    try:
        file.write_bytes(code + b"# changed\n")
        assert changed_stages(deployed) == used_by | {"backend_server"}
    finally:
        file.write_bytes(code)
    assert deployed.status() == {}


def test_new_feedback_reaches_everything_but_the_web_apps_build(copied: Workspace) -> None:
    (copied.root / "data/feedback/ratings.parquet").write_bytes(b"not yet looked at")
    assert changed_stages(copied) == set(STAGES) - {"frontend_build"}


def test_forced_trainings_write_the_same_bytes(copied: Workspace) -> None:
    before = copied.outputs(*TRAINED)
    for stage in ("two_tower_training", "bert4rec_training"):
        copied.repro("--force", "--single-item", stage)
    assert copied.outputs(*TRAINED) == before
    assert not changed_stages(copied) & {"two_tower_training", "bert4rec_training", "integrated_evaluation"}


@pytest.mark.parametrize(
    "stage", ["ingest", "content_features", "two_tower_training", "integrated_evaluation"]
)
def test_after_a_kill_the_next_repro_completes_with_the_same_outputs(copied: Workspace, stage: str) -> None:
    graph = load_graph(copied.root / "dvc.yaml")
    before = copied.outputs(*graph.stages[stage].outs)
    command = [".venv/bin/dvc", "--wait-for-lock", "repro", "--force", "--single-item", stage]
    process = subprocess.Popen(
        command,
        cwd=copied.root,
        env=copied.environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("> "):  # the stage starts now
            break
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    copied.repro("--no-run-cache", stage)  # made again, not brought from the cache
    assert copied.outputs(*graph.stages[stage].outs) == before
    assert stage not in copied.status()


def test_a_failed_gate_is_said_with_reasons_and_the_old_release_keeps_serving(deployed: Workspace) -> None:
    before = release_id(deployed)
    path = deployed.root / "configs/evaluation.yaml"
    settings = path.read_text()
    gate = yaml.safe_load(settings)["gate"]
    deployment = (deployed.root / "results/deployment.json").read_bytes()
    try:
        raised = [{**check, "at_least": 0.999} if check["against"] == "number" else check for check in gate]
        deployed.configure("evaluation", gate=raised)
        done = deployed.pipeline(check=False)
        assert done.returncode == 1
        assert re.search(r"integrated_evaluation +\| FAILED", done.stdout)
        assert re.search(r"backend_server +\| not run: needs integrated_evaluation", done.stdout)
        error = done.stderr.strip().splitlines()[-1]
        assert error.startswith("error: integrated_evaluation: ")
        assert "absolute floor" in error
        assert "0.999" in error
        verdict = json.loads((deployed.root / "results/gate.json").read_text())
        assert verdict["passed"] is False
        assert (deployed.root / "results/key_metrics.json").exists()
        assert release_id(deployed) == before
        assert "gate: FAILED" in deployed.pipeline("--status").stdout
    finally:
        path.write_text(settings)
    out = deployed.pipeline().stdout
    assert re.search(r"integrated_evaluation +\| restored from the cache", out)
    assert release_id(deployed) == before
    assert (deployed.root / "results/deployment.json").read_bytes() == deployment


def test_a_dead_server_is_started_again_though_nothing_changed(deployed: Workspace) -> None:
    before = release_id(deployed)
    deployed.stop()
    assert f"no answer at http://localhost:{deployed.port}" in deployed.pipeline("--status").stdout
    assert "1 ran, 7 unchanged" in deployed.pipeline().stdout
    assert release_id(deployed) == before


def test_no_node_is_one_clear_line_and_the_data_stages_finish(copied: Workspace) -> None:
    (copied.root / "frontend/index.html").write_text("<!doctype html><title>changed</title>\n")
    done = copied.run("python", "scripts/run_full_pipeline.py", check=False, PATH="/nowhere")
    assert done.returncode == 1
    error = done.stderr.strip().splitlines()[-1]
    assert error.startswith("error: frontend_build: ")
    assert "Node" in error


def test_a_broken_setting_stops_its_stage_with_file_and_key(copied: Workspace) -> None:
    copied.configure("two_tower", embedding_dim=-8)
    done = copied.pipeline("--stage", "training", check=False)
    assert done.returncode == 1
    expected = (
        "error: two_tower_training: configs/two_tower.yaml: embedding_dim: expected greater than 0, got -8"
    )
    assert done.stderr.strip() == expected
