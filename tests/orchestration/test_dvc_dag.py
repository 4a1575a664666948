"""The DAG that Airflow reads: DVC's graph, quickly, and clear about what is wrong."""

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from real_airflow import PYTHON, ROOT, need_airflow, process_environment

from movie_genie.orchestration.dvc_graph import load_graph

pytestmark = pytest.mark.airflow

DAG_FILE = """\
from pathlib import Path

from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

from movie_genie.orchestration.dvc_dag import DvcDag, DvcTaskGroup
from movie_genie.orchestration.stage_tasks import Workspace

here = Path(__file__).parent
dag = DvcDag(Workspace(here, here / ".venv"), dag_id=here.name, schedule=None)
with DAG(dag_id=here.name + "_within", schedule=None):
    before = BashOperator(task_id="before", bash_command="true")
    before >> DvcTaskGroup("dvc", Workspace(here, here / ".venv"))
"""
GET_STARTED = """\
stages:
  prepare: {cmd: prepare, deps: [data/data.xml], params: [prepare], outs: [data/prepared]}
  featurize: {cmd: featurize, deps: [data/prepared], outs: [data/features]}
  train: {cmd: train, deps: [data/features], outs: [model.pkl], desc: Learn.}
  evaluate: {cmd: evaluate, deps: [model.pkl, data/features], metrics: [eval/metrics.json: {cache: false}]}
"""
SPACED = """\
stages:
  train us: {cmd: fit us, outs: [models/us]}
  train uk: {cmd: fit uk, outs: [models/uk]}
  compare: {cmd: compare, deps: [models]}
"""
DIAMOND = "\n".join(
    [
        "stages:",
        "  first: {cmd: go, outs: [start]}",
        *(f"  arm{i}: {{cmd: run, deps: [start], outs: [arms/{i}]}}" for i in range(198)),
        "  last: {cmd: end, deps: [arms]}",
    ]
)


def report(tmp_path: Path, *files: Path) -> dict[str, dict[str, Any]]:
    need_airflow()
    done = subprocess.run(
        [PYTHON, Path(__file__).with_name("dag_report.py"), *files],
        env=process_environment(ROOT, AIRFLOW_HOME=str(tmp_path / "airflow")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = ROOT / "dags" / "movie_genie.py"
    return report(tmp_path_factory.mktemp("report"), file)[str(file)]


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("others")
    files = []
    for name, text in (("get_started", GET_STARTED), ("spaced", SPACED), ("diamond", DIAMOND)):
        (folder / name).mkdir()
        (folder / name / "dvc.yaml").write_text(text)
        (folder / name / "params.yaml").write_text("prepare: 1\n")
        files.append(folder / name / "dag.py")
        files[-1].write_text(DAG_FILE)
    found = report(folder, *files)
    return {Path(file).parent.name: result for file, result in found.items()}


def edges(dag: dict[str, Any]) -> set[tuple[str, str]]:
    return {tuple(edge) for edge in dag["edges"]}


def test_the_dag_is_dvcs_graph_after_the_feedback(project):
    assert project["errors"] == {}
    dvc = Path(sys.executable).with_name("dvc")
    dot = subprocess.run([dvc, "dag", "--dot"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    drawn = set(re.findall(r'"(.+)" -> "(.+)";', dot))
    assert edges(project["dags"]["movie_genie"]) == drawn | {("feedback_snapshot", "ingest")}


def test_the_dag_is_read_quickly_and_without_what_the_stages_use(project):
    assert project["seconds"]["busy"] <= 0.3
    heavy = {"dvc", "torch", "pandas", "pyarrow", "numpy", "flask", "mlflow", "ibis", "sklearn"}
    assert not heavy & {module.split(".")[0] for module in project["modules"]}
    ours = {module for module in project["modules"] if module.startswith("movie_genie.")}
    rooms = {module.split(".")[1] for module in ours}
    assert rooms == {"orchestration", "airflow_api", "config", "config_file", "errors"}


def test_each_stage_is_a_bash_operator_with_its_own_settings(project):
    tasks = project["dags"]["movie_genie"]["tasks"]
    stages = load_graph(ROOT / "dvc.yaml").stages
    assert set(tasks) == {*stages, "feedback_snapshot"}
    for name, stage in stages.items():
        assert tasks[name]["queue"] == stage.meta["airflow"]["queue"]
        assert "repro --single-item" in tasks[name]["command"]
        assert stage.cmd[0] in tasks[name]["doc"]
    assert tasks["integrated_evaluation"]["retries"] == 0
    assert tasks["ingest"]["retries"] == 2
    assert tasks["frontend_build"]["timeout"] == 1800
    assert {task["pool"] for task in tasks.values()} == {"pipeline"}
    assert {tuple(task["on_failure"]) for task in tasks.values()} == {("report_failure",)}


def test_it_runs_nightly_one_at_a_time_and_never_makes_up_for_missed_nights(project):
    dag = project["dags"]["movie_genie"]
    assert dag["max_active_runs"] == 1
    assert dag["catchup"] is False
    first = datetime.fromisoformat(dag["next"])
    assert (first.hour, first.minute) == (3, 0)
    assert first > datetime.now(first.tzinfo), "a first start does not begin with a run of its own"


def test_other_pipelines_are_mirrored_too(others):
    assert edges(others["get_started"]["dags"]["get_started"]) == {
        ("prepare", "featurize"),
        ("featurize", "train"),
        ("featurize", "evaluate"),
        ("train", "evaluate"),
    }
    assert others["get_started"]["dags"]["get_started"]["tasks"]["train"]["doc"].startswith("Learn.")
    spaced = others["spaced"]["dags"]["spaced"]
    assert edges(spaced) == {("train_us", "compare"), ("train_uk", "compare")}
    assert spaced["tasks"]["train_us"]["command"].endswith("--single-item 'train us'")


def test_a_diamond_of_200_stages_is_read_within_a_second(others):
    assert others["diamond"]["seconds"]["busy"] <= 2, "twice 200 stages: as a DAG and as a group"
    assert len(others["diamond"]["dags"]["diamond"]["edges"]) == 396


def test_a_pipeline_can_be_part_of_another_dag(others):
    dag = others["get_started"]["dags"]["get_started_within"]
    assert ("before", "dvc.prepare") in edges(dag)
    assert ("dvc.train", "dvc.evaluate") in edges(dag)


def test_a_wrong_pipeline_is_one_clear_line_among_airflows_import_errors(tmp_path):
    wrong = {
        "path": ("stages: {a: {cmd: run, deps: x}}", "stages.a.deps: expected a list of paths"),
        "names": ("stages: {a b: {cmd: run}, a_b: {cmd: run}}", "would both be task a_b"),
        "template": ("stages: {a: {foreach: [b], do: {cmd: run}}}", "stages.a.foreach: is one of DVC's"),
        "meta": ("stages: {a: {cmd: run, meta: {airflow: {retry: 1}}}}", "unknown key 'retry'"),
    }
    for name, (text, _) in wrong.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "dvc.yaml").write_text(text)
        (tmp_path / name / "dag.py").write_text(DAG_FILE)
    found = report(tmp_path, *(tmp_path / name / "dag.py" for name in wrong))
    for file, result in found.items():
        assert result["dags"] == {}
        last_line = result["errors"][file].strip().splitlines()[-1]
        assert wrong[Path(file).parent.name][1] in last_line
