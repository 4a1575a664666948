"""A stage -> what its Airflow task needs: command, settings, document. Plain data, without Airflow."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from movie_genie.orchestration.dvc_graph import GraphError, PipelineGraph, Stage

SNAPSHOT = "SNAPSHOT"
"""Variable that tells a task on another machine which snapshot its run began with."""


@dataclass(frozen=True)
class Workspace:
    """Where tasks run DVC, and how."""

    project: Path  # the folder of dvc.yaml
    venv: Path  # the environment that holds DVC and runs the stages
    path: Sequence[str] = ("/usr/local/bin", "/usr/bin", "/bin")  # folders with what the stages call
    shared: bool = True
    """Whether all tasks run in this one folder. Where each worker has a clone of its own, a task gets what
    the stages before it made from the DVC remote, and sends there what it makes."""


@dataclass(frozen=True)
class Snapshot:
    """A command, run once before the stages, that writes a file which a stage reads but none makes."""

    name: str
    command: Sequence[str]
    file: str  # relative to the project
    desc: str
    queue: str | None = None


@dataclass(frozen=True)
class TaskMetadata:
    """What one Airflow task is made of, as plain data."""

    task_id: str
    name: str
    bash_command: str
    doc_md: str
    env: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Path, ...] = ()
    queue: str | None = None
    pool: str | None = None
    retries: int | None = None
    execution_timeout: timedelta | None = None
    returns_output: bool = False  # whether its last line of output is a result that others read


def parse_duration(text: str) -> timedelta:
    """`30s`, `15m`, `2h` or `1d`.

    Raises
    ------
    ValueError
        For any other text.
    """
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match or not int(match[1]):
        raise ValueError(f"expected a time such as 30s, 15m, 2h or 1d, got {text!r}")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[match[2]]
    return timedelta(**{unit: int(match[1])})


def stage_task(
    stage: Stage, graph: PipelineGraph, workspace: Workspace, snapshot: Snapshot | None = None
) -> TaskMetadata:
    """The task of one stage; `snapshot` if the stage, or one before it, reads it.

    Raises
    ------
    GraphError
        When the stage's `meta: {airflow: …}` has an unknown key or a value of the wrong kind.
    """
    settings = _settings(stage, graph.path)
    force = bool(settings.pop("force", False))
    lock = ["python", "-m", "movie_genie.orchestration.stale_lock"]
    repro = ["dvc", "--wait-for-lock", "repro"]
    single = [*repro, "--single-item", *(["--force"] if force else []), stage.name]
    if workspace.shared:
        commands = [lock, single]
    else:
        commands = [lock]
        if snapshot:
            commands.append(_carry("pull", snapshot.file))
        # Forcing would run the stages before it too; so these are only fetched, and the last alone is forced.
        needed = list(graph.upstream(stage.name)) if force else [stage.name]
        if needed:
            commands.append([*repro, "--pull", *needed])
        if force:
            commands.append(single)
        commands.append(["dvc", "push", "--run-cache"])
    return TaskMetadata(
        task_id=task_id(stage.name),
        name=stage.name,
        bash_command=_shell(workspace, commands),
        doc_md=_document(stage),
        env={} if workspace.shared or not snapshot else {SNAPSHOT: _result_of(snapshot)},
        metrics=tuple(workspace.project / path for path in stage.metrics),
        **settings,
    )


def snapshot_task(snapshot: Snapshot, workspace: Workspace) -> TaskMetadata:
    """The task that takes the snapshot and, where workers share no folder, stores it for them."""
    commands = [snapshot.command] if workspace.shared else [snapshot.command, _carry("push", snapshot.file)]
    return TaskMetadata(
        task_id=task_id(snapshot.name),
        name=snapshot.name,
        bash_command=_shell(workspace, commands),
        doc_md=f"{snapshot.desc}\n\nCommand: `{shlex.join(snapshot.command)}`, writes `{snapshot.file}`\n",
        queue=snapshot.queue,
        returns_output=not workspace.shared,
    )


def needs_snapshot(graph: PipelineGraph, snapshot: Snapshot) -> tuple[tuple[str, ...], frozenset[str]]:
    """The stages that read the snapshot's file, and those with all that come after them."""
    places = {snapshot.file, *map(str, Path(snapshot.file).parents)}
    readers = tuple(name for name, stage in graph.stages.items() if places.intersection(stage.reads))
    after = set(readers)
    for name in graph.order:
        if after.intersection(graph.upstream(name)):
            after.add(name)
    return readers, frozenset(after)


def task_id(name: str) -> str:
    """A stage's name in the letters that Airflow allows (`train us` becomes `train_us`)."""
    return re.sub(r"[^\w.-]", "_", name)


def _carry(direction: str, file: str) -> list[str]:
    return ["python", "-m", "movie_genie.orchestration.carry_snapshot", direction, file]


def _result_of(snapshot: Snapshot) -> str:
    return "{{ ti.xcom_pull(task_ids='" + task_id(snapshot.name) + "') }}"


def _shell(workspace: Workspace, commands: Sequence[Sequence[str]]) -> str:
    """One line for bash: each word quoted, the last command in bash's own process.

    Bash reads its start-up file when its input is a socket, and that may change PATH: so the whole PATH is set
    here, and the input is closed. DVC in bash's process leads the task's process group (see `stale_lock`).
    """
    path = ":".join([str(workspace.venv / "bin"), *workspace.path])
    *before, last = [shlex.join(command) for command in commands]
    line = f"export PATH={shlex.quote(path)}; exec </dev/null; " + " && ".join([*before, f"exec {last}"])
    if re.search(r"\{[{%#]", line):
        raise GraphError(f"{workspace.project}: {line!r} holds Jinja's braces, which Airflow would fill in")
    return line


def _settings(stage: Stage, path: Path) -> dict[str, Any]:  # Any: each of its own kind, checked here
    """The stage's own settings, from `meta: {airflow: …}`."""
    where = f"{path}: stages.{stage.name}.meta.airflow"
    given = stage.meta.get("airflow", {})
    kinds = {"pool": str, "queue": str, "retries": int, "execution_timeout": str, "force": bool}
    if not isinstance(given, Mapping):
        raise GraphError(f"{where}: expected keys and values, got {given!r}")
    for key, value in given.items():
        if key not in kinds:
            raise GraphError(f"{where}: unknown key {key!r}; known are {', '.join(kinds)}")
        if type(value) is not kinds[key]:
            raise GraphError(f"{where}.{key}: expected {kinds[key].__name__}, got {value!r}")
    settings = dict(given)
    if "execution_timeout" in settings:
        try:
            settings["execution_timeout"] = parse_duration(settings["execution_timeout"])
        except ValueError as error:
            raise GraphError(f"{where}.execution_timeout: {error}") from None
    return settings


def _document(stage: Stage) -> str:
    """The task's page in Airflow: what the stage is for, runs, reads and makes."""
    lines = [stage.desc, "", "**Command**", "", "```sh", *stage.cmd, "```"]
    groups = {
        "Dependencies": stage.deps,
        "Parameters": stage.params,
        "Outputs": stage.outs,
        "Metrics": stage.metrics,
        "Plots": stage.plots,
    }
    for title, paths in groups.items():
        if paths:
            lines += ["", f"**{title}**", "", *(f"- `{path}`" for path in paths)]
    return "\n".join(lines).strip() + "\n"
