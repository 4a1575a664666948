"""What dvc.yaml promises, read from the files that git has."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from workspace import processor_seconds

from movie_genie.orchestration.dvc_graph import load_graph

ROOT = Path(__file__).resolve().parents[2]
GRAPH = load_graph(ROOT / "dvc.yaml")
STAGES = [
    "ingest",
    "sequential_processing",
    "content_features",
    "two_tower_training",
    "bert4rec_training",
    "integrated_evaluation",
    "frontend_build",
    "backend_server",
]
MADE = {path for stage in GRAPH.stages.values() for path in stage.writes}


def in_git(path: str) -> bool:
    listed = subprocess.run(
        ["git", "ls-files", "--", path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return bool(listed.stdout)


def test_there_are_exactly_the_eight_stages() -> None:
    assert list(GRAPH.stages) == STAGES


def test_data_comes_before_training_before_evaluation_before_web() -> None:
    groups = {name: stage.meta["group"] for name, stage in GRAPH.stages.items()}
    rank = {"data": 0, "training": 1, "evaluation": 2, "web": 3}
    assert set(groups.values()) == set(rank)
    for needed, needing in GRAPH.edges:
        assert rank[groups[needed]] <= rank[groups[needing]]
    assert set(GRAPH.upstream("backend_server")) >= {"integrated_evaluation", "frontend_build"}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_is_one_line_that_names_its_script_and_its_config(name: str) -> None:
    stage = GRAPH.stages[name]
    (line,) = stage.cmd
    python, script, option, config = line.split()
    assert (python, option) == (".venv/bin/python", "--config")
    assert {script, config} <= set(stage.deps)


@pytest.mark.parametrize("name", STAGES)
def test_what_a_stage_needs_is_in_git_or_made_by_another(name: str) -> None:
    missing = [
        dep
        for dep in GRAPH.stages[name].deps
        if not in_git(dep) and not any(made == dep or made.startswith(f"{dep}/") for made in MADE)
    ]
    assert missing == []


def test_what_stages_make_is_not_in_git() -> None:
    assert [path for path in sorted(MADE) if in_git(path)] == []


def test_what_stages_make_does_not_overlap() -> None:
    for path in MADE:
        assert not [other for other in MADE if other.startswith(f"{path}/")]


def test_metrics_and_outputs_are_cached_so_that_they_can_be_restored() -> None:
    document = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    uncached = [
        path
        for stage in document["stages"].values()
        for kind in ("outs", "metrics", "plots")
        for entry in stage.get(kind, [])
        if isinstance(entry, dict)
        for path, options in entry.items()
        if options.get("cache") is False
    ]
    assert uncached == ["results/deployment.json"]


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "scripts").glob("*.py")))
def test_help_comes_at_once_and_loads_nothing_heavy(script: str) -> None:
    command = [sys.executable, "-X", "importtime", f"scripts/{script}", "--help"]
    started = processor_seconds()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds = processor_seconds() - started
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "usage: " in done.stdout
    assert not imported & {"torch", "pandas", "mlflow", "ibis", "airflow", "dvc"}
    assert seconds < 1


def test_every_dvc_command_stays_off_the_network_unasked() -> None:
    for option in ("core.analytics", "core.check_update"):
        command = [sys.executable, "-m", "dvc", "config", option]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "false"
