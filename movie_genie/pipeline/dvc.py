"""What DVC knows of the stages, asked through its own command line (about a second a call)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from movie_genie.errors import UserError
from movie_genie.orchestration.dvc_graph import GraphError, PipelineGraph, load_graph
from movie_genie.orchestration.dvc_yaml import LOADER
from movie_genie.orchestration.stale_lock import is_held

DVC = (sys.executable, "-m", "dvc")


class BusyError(UserError):
    """DVC is at work on the stage asked about."""


def pipeline_of(root: Path) -> PipelineGraph:
    """The stages of `root`'s dvc.yaml."""
    try:
        return load_graph(root / "dvc.yaml")
    except GraphError as error:
        raise UserError(str(error)) from None


def repro_command(stage: str, force: bool) -> list[str]:
    """The command that runs one stage, if need be.

    Only this form runs beside another: without `--single-item` two runs lock each other's upstream outputs,
    and `--wait-for-lock` is heeded before the subcommand only.
    """
    return [*DVC, "--wait-for-lock", "repro", *(["--force"] if force else []), "--single-item", stage]


def changes(root: Path, stages: list[str], within: float | None = None) -> dict[str, list[str]]:
    """Why each of `stages` is not up to date, as `what: modified`; those that are up to date are left out.

    `within` is how many seconds DVC may take; None is any time.

    Raises
    ------
    BusyError
        When a DVC process holds what a stage reads or writes.
    UserError
        When DVC cannot say for another reason, with its own first line, or takes too long.
    """
    command = [*DVC, "status", "--json", *stages]
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within,
        )
    except subprocess.TimeoutExpired:
        raise UserError("dvc status: did not end in time") from None
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if line.strip()), "no reason given")
        raise (BusyError if "is busy" in reason else UserError)(
            f"dvc status: {reason.removeprefix('ERROR: ')}"
        )
    said: dict[str, list[Any]] = json.loads(done.stdout or "{}")  # Any: see _words
    return {stage: [word for entry in entries for word in _words(entry)] for stage, entries in said.items()}


def _words(entry: Any) -> list[str]:  # Any: DVC's JSON: "changed command" or {"changed deps": {path: how}}
    if isinstance(entry, str):
        return [entry]
    return [f"{path} {how}" for paths in entry.values() for path, how in paths.items()]


def ever_run(root: Path) -> set[str]:
    """Stages whose last run dvc.lock knows; none while DVC is just writing it."""
    try:
        lock = yaml.load((root / "dvc.lock").read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506  # see there
    except (FileNotFoundError, yaml.YAMLError):
        return set()
    return set((lock or {}).get("stages") or {})


def running(root: Path, graph: PipelineGraph) -> set[str]:
    """Stages that a DVC process works on now: it holds a lock on what they write."""
    try:
        locks = json.loads((root / ".dvc/tmp/rwlock").read_text(encoding="utf-8")).get("write", {})
    except (OSError, json.JSONDecodeError):  # no lock, or the file is just being written
        return set()
    held = {path for path, holder in locks.items() if is_held(holder)}
    place = root.resolve()
    return {
        name for name, stage in graph.stages.items() if any(str(place / out) in held for out in stage.writes)
    }
