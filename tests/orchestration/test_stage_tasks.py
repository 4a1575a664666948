"""What a stage's task runs and says, before it is Airflow's."""

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from movie_genie.config import AirflowConfig
from movie_genie.config_file import load_config
from movie_genie.errors import UserError
from movie_genie.orchestration.dvc_graph import GraphError, PipelineGraph, load_graph
from movie_genie.orchestration.stage_tasks import (
    Snapshot,
    Workspace,
    needs_snapshot,
    parse_duration,
    snapshot_task,
    stage_task,
)

ROOT = Path(__file__).parents[2]
HERE = Workspace(Path("/project"), Path("/project/.venv"))
APART = Workspace(Path("/project"), Path("/project/.venv"), shared=False)
FEEDBACK = Snapshot("feedback", ["python", "-m", "take"], "data/feedback/ratings.parquet", "Take it.", "web")
PATH = "export PATH=/project/.venv/bin:/usr/local/bin:/usr/bin:/bin; exec </dev/null; "
LOCK = "python -m movie_genie.orchestration.stale_lock && "


@pytest.fixture
def project() -> PipelineGraph:
    return load_graph(ROOT / "dvc.yaml")


def graph_of(folder: Path, stages: object) -> PipelineGraph:
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    return load_graph(folder / "dvc.yaml")


def test_a_stage_runs_alone_and_waits_for_locks(project):
    task = stage_task(project.stages["two_tower_training"], project, HERE)
    assert (
        task.bash_command == PATH + LOCK + "exec dvc --wait-for-lock repro --single-item two_tower_training"
    )


def test_the_server_is_always_seen_to_as_dvc_cannot_know_that_it_died(project):
    task = stage_task(project.stages["backend_server"], project, HERE)
    assert task.bash_command.endswith("repro --single-item --force backend_server")
    forced = [n for n, s in project.stages.items() if "--force" in stage_task(s, project, HERE).bash_command]
    assert forced == ["backend_server"]


def test_a_verdict_is_not_retried(project):
    assert stage_task(project.stages["integrated_evaluation"], project, HERE).retries == 0


def test_every_stage_of_the_project_has_a_queue_and_a_time_limit(project):
    tasks = [stage_task(stage, project, HERE) for stage in project.stages.values()]
    assert {task.queue for task in tasks} == {"data", "train", "web"}
    assert all(task.execution_timeout for task in tasks)


def test_apart_a_stage_fetches_what_it_needs_and_sends_what_it_made(project):
    task = stage_task(project.stages["bert4rec_training"], project, APART, FEEDBACK)
    assert task.bash_command == (
        PATH
        + LOCK
        + "python -m movie_genie.orchestration.carry_snapshot pull data/feedback/ratings.parquet && "
        + "dvc --wait-for-lock repro --pull bert4rec_training && exec dvc push --run-cache"
    )
    assert task.env == {"SNAPSHOT": "{{ ti.xcom_pull(task_ids='feedback') }}"}


def test_apart_a_forced_stage_forces_nothing_before_it(project):
    command = stage_task(project.stages["backend_server"], project, APART).bash_command
    fetch, force, push = command.split(" && ")[1:]
    assert fetch.startswith("dvc --wait-for-lock repro --pull ")
    assert "--force" not in fetch
    assert set(project.upstream("backend_server")) < set(fetch.split())
    assert force == "dvc --wait-for-lock repro --single-item --force backend_server"
    assert push == "exec dvc push --run-cache"


def test_the_snapshot_comes_before_the_stage_that_reads_it_and_concerns_all_after(project):
    readers, after = needs_snapshot(project, FEEDBACK)
    assert readers == ("ingest",)
    assert after == set(project.stages) - {"frontend_build"}
    assert snapshot_task(FEEDBACK, HERE).bash_command == PATH + "exec python -m take"
    apart = snapshot_task(FEEDBACK, APART)
    assert apart.bash_command.endswith("carry_snapshot push data/feedback/ratings.parquet")
    assert apart.returns_output


def test_a_tasks_page_says_what_it_is_for_runs_reads_and_makes(project):
    page = stage_task(project.stages["two_tower_training"], project, HERE).doc_md
    stage = project.stages["two_tower_training"]
    assert page.startswith(stage.desc)
    for text in (*stage.cmd, *stage.deps, *stage.outs, *stage.metrics, *stage.plots):
        assert text in page


def test_no_name_becomes_part_of_the_shells_language(tmp_path):
    """Whatever a stage is called, its name only ever reaches DVC as one word."""
    graph = graph_of(tmp_path, {"a b; touch owned": {"cmd": "x"}, "$(touch owned)": {"cmd": "x"}})
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("python", "dvc"):
        (tools / tool).write_text('#!/bin/sh\nfor word in "$@"; do echo "[$word]"; done\n')
        (tools / tool).chmod(0o755)
    for name, stage in graph.stages.items():
        task = stage_task(stage, graph, Workspace(tmp_path, tmp_path))
        shown = subprocess.run(
            ["bash", "-c", task.bash_command], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert f"[{name}]" in shown.stdout
        assert re.fullmatch(r"[\w.-]+", task.task_id)
    assert not (tmp_path / "owned").exists()


def test_a_name_that_airflow_would_fill_in_is_refused(tmp_path):
    graph = graph_of(tmp_path, {"fit {{ 1 }}": {"cmd": "x"}})
    with pytest.raises(GraphError, match="Jinja"):
        stage_task(graph.stages["fit {{ 1 }}"], graph, HERE)


@pytest.mark.parametrize(
    ("airflow", "message"),
    [
        ({"que": "x"}, "unknown key 'que'"),
        ({"retries": "3"}, "retries: expected int, got '3'"),
        ({"retries": True}, "retries: expected int, got True"),
        ({"execution_timeout": "2 hours"}, "execution_timeout: expected a time such as 30s"),
        ("train", "expected keys and values"),
    ],
)
def test_a_wrong_setting_of_a_stage_is_one_clear_line(tmp_path, airflow, message):
    graph = graph_of(tmp_path, {"a": {"cmd": "x", "meta": {"airflow": airflow}}})
    with pytest.raises(GraphError, match=message) as error:
        stage_task(graph.stages["a"], graph, HERE)
    assert "stages.a.meta.airflow" in str(error.value)


def test_durations():
    assert parse_duration("90s") == timedelta(seconds=90)
    assert parse_duration("2h") == timedelta(hours=2)
    for wrong in ("", "2", "0s", "-1h", "1w", "1.5h"):
        with pytest.raises(ValueError, match="expected a time"):
            parse_duration(wrong)


def test_the_projects_settings_are_valid_and_wrong_ones_are_named(tmp_path):
    path = ROOT / "configs" / "airflow.yaml"
    assert load_config(path, AirflowConfig).executor == "LocalExecutor"
    wrong = tmp_path / "airflow.yaml"
    for old, new, message in (
        ("time_zone: UTC", "time_zone: Mars/Olympus", "time_zone: expected a name such as Europe/Paris"),
        ("pool: pipeline  ", "pool: none  ", "pool: expected one of pools"),
        ("retry_delay: 1m", "retry_delay: soon", "retry_delay"),
        ("executor: LocalExecutor", "executor: Sequential", "executor"),
    ):
        assert old in path.read_text()
        wrong.write_text(path.read_text().replace(old, new))
        with pytest.raises(UserError, match=message):
            load_config(wrong, AirflowConfig)
