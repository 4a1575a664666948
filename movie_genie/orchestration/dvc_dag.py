"""A DVC pipeline as an Airflow DAG: one BashOperator a stage, with the stages' own edges.

`DvcDag` is a whole DAG, `DvcTaskGroup` the same tasks inside another. Both are made from dvc.yaml each time
Airflow reads the DAG file, so that they cannot drift from it.
"""

from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, TaskGroup

from movie_genie.orchestration.dvc_graph import GraphError, PipelineGraph, load_graph
from movie_genie.orchestration.stage_tasks import (
    Snapshot,
    TaskMetadata,
    Workspace,
    needs_snapshot,
    snapshot_task,
    stage_task,
)
from movie_genie.orchestration.task_events import push_metrics


class DvcDag(DAG):  # type: ignore[misc]  # Airflow lives in an environment of its own
    """A DAG of all stages of `workspace.project`'s dvc.yaml.

    Parameters
    ----------
    workspace
        Where tasks run DVC.
    snapshot
        What to write before the first stages, if anything.
    dag_arguments
        Airflow's own, such as dag_id, schedule and default_args.

    Raises
    ------
    GraphError
        One line; Airflow shows it as the DAG's import error.
    """

    def __init__(
        self, workspace: Workspace, *, snapshot: Snapshot | None = None, **dag_arguments: Any
    ) -> None:  # Any: as Airflow declares them
        super().__init__(**dag_arguments)
        with self:
            add_stages(load_graph(workspace.project / "dvc.yaml"), workspace, snapshot)


class DvcTaskGroup(TaskGroup):  # type: ignore[misc]  # see DvcDag
    """The stages as a group of tasks inside the DAG at hand; see `DvcDag`."""

    def __init__(
        self, group_id: str, workspace: Workspace, *, snapshot: Snapshot | None = None, **group_arguments: Any
    ) -> None:  # Any: as Airflow declares them
        super().__init__(group_id, **group_arguments)
        with self:
            add_stages(load_graph(workspace.project / "dvc.yaml"), workspace, snapshot)


def add_stages(graph: PipelineGraph, workspace: Workspace, snapshot: Snapshot | None = None) -> None:
    """Add a task a stage, and its edges, to the DAG or group whose `with` this is called in."""
    readers, later = needs_snapshot(graph, snapshot) if snapshot else ((), frozenset())
    tasks: dict[str, BashOperator] = {}
    for name, stage in graph.stages.items():
        metadata = stage_task(stage, graph, workspace, snapshot if name in later else None)
        taken = [other for other, task in tasks.items() if task.task_id == metadata.task_id]
        if taken:
            raise GraphError(f"{graph.path}: {name} and {taken[0]} would both be task {metadata.task_id}")
        tasks[name] = operator(metadata, workspace.project)
    wire(tasks, graph)
    if snapshot:
        first = operator(snapshot_task(snapshot, workspace), workspace.project)
        for name in readers:
            first.set_downstream(tasks[name])


def operator(metadata: TaskMetadata, project: Path) -> BashOperator:
    """The BashOperator of one task; what the stage leaves open is the DAG's default."""
    settings = {
        key: value
        for key in ("queue", "pool", "retries", "execution_timeout")
        if (value := getattr(metadata, key)) is not None
    }
    return BashOperator(
        task_id=metadata.task_id,
        task_display_name=metadata.name,
        bash_command=metadata.bash_command,
        doc_md=metadata.doc_md,
        cwd=str(project),
        env=dict(metadata.env),
        append_env=True,
        skip_on_exit_code=None,  # no stage's exit status means "skipped"
        do_xcom_push=metadata.returns_output,
        post_execute=push_metrics(metadata.metrics),
        **settings,
    )


def wire(tasks: dict[str, BashOperator], graph: PipelineGraph) -> None:
    """Give the tasks the edges of the graph."""
    for needed, needing in graph.edges:
        tasks[needed].set_downstream(tasks[needing])
