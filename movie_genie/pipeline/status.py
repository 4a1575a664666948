"""`--status`: each stage's state, the last metrics, and whether the server answers."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from movie_genie.artifacts import METRICS, RESULTS, VERDICT
from movie_genie.errors import UserError
from movie_genie.files import read_json
from movie_genie.orchestration.dvc_graph import PipelineGraph
from movie_genie.pipeline.dvc import BusyError, changes, ever_run, running
from movie_genie.pipeline.server import release_served, server_url

REASONS_SHOWN = 3
TRIES = 5

FIGURES = ("ndcg_at_10", "recall_at_10", "recall_at_50")
MEASURED = "_integrated_ndcg_at_10"
"""What follows a protocol's name in the evaluation's metrics."""


def after(graph: PipelineGraph, stages: Iterable[str]) -> dict[str, str]:
    """Every stage downstream of `stages`, each with a stage that it needs directly and that is changing."""
    found: dict[str, str] = {}
    known = set(stages)
    for name in graph.order:
        waits_for = next((up for up in graph.upstream(name) if up in known or up in found), None)
        if waits_for is not None:
            found[name] = waits_for
    return found


@dataclass(frozen=True, slots=True)
class StageStatus:
    """Whether a stage is up to date."""

    stage: str
    state: Literal["up to date", "running", "waiting", "changed", "behind"]
    """`waiting`: a stage before it runs; `behind`: one before it changed, so that nobody can say yet."""

    reason: str = ""
    """Of a changed stage what changed; of one that waits or is behind, the stage before it."""

    def __str__(self) -> str:
        """The status in words."""
        words = {
            "waiting": f"waits for {self.reason}, which runs or waits itself",
            "changed": f"to be run: {self.reason}",
            "behind": f"to be checked after {self.reason}",
        }
        return words.get(self.state, self.state)


def stage_statuses(root: Path, graph: PipelineGraph, within: float | None = None) -> list[StageStatus]:
    """Each stage's status, in the file's order.

    DVC refuses to judge a running stage and what reads its outputs, so it is asked about the others only.

    Raises
    ------
    UserError
        When DVC cannot say, or not within so many seconds.
    """
    busy, changed = _running_and_changed(root, graph, within)
    behind_busy = after(graph, busy)
    behind_changed = after(graph, changed)
    known = ever_run(root)

    def status(name: str) -> StageStatus:
        if name in busy:
            return StageStatus(name, "running")
        if name in behind_busy:
            return StageStatus(name, "waiting", behind_busy[name])
        if name in changed:
            return StageStatus(
                name, "changed", _shortened(changed[name]) if name in known else "it never was"
            )
        if name in behind_changed:
            return StageStatus(name, "behind", behind_changed[name])
        return StageStatus(name, "up to date")

    return [status(name) for name in graph.stages]


def stage_lines(root: Path, graph: PipelineGraph) -> list[str]:
    """One line a stage: up to date, running, or why not."""
    width = max(map(len, graph.stages))
    return [f"{status.stage:{width}}  {status}" for status in stage_statuses(root, graph)]


def _running_and_changed(
    root: Path, graph: PipelineGraph, within: float | None
) -> tuple[set[str], dict[str, list[str]]]:
    """Stages that run, and why others (less those that wait for them) are not up to date.

    Another stage may start between the two questions: then both are asked again.
    """
    end = None if within is None else time.monotonic() + within
    for _ in range(TRIES):
        busy = running(root, graph)
        asked = [name for name in graph.order if name not in busy and name not in after(graph, busy)]
        left = None if end is None else max(0.0, end - time.monotonic())
        with suppress(BusyError):
            return busy, changes(root, asked, left) if asked else {}
    raise UserError("stages start and end faster than DVC can be asked; try again")


def _shortened(reasons: list[str]) -> str:
    shown = ", ".join(reasons[:REASONS_SHOWN])
    more = len(reasons) - REASONS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def metric_lines(root: Path, graph: PipelineGraph) -> list[str]:
    """The last run's figures: each model on validation, and the whole system beside popularity on test."""
    lines = []
    made = (Path(path) for stage in graph.stages.values() for path in stage.metrics)
    for path in made:
        metrics = _read(root / path) if path.match("models/*/metrics.json") else {}
        if metrics:
            seconds = metrics.get("training_time_seconds")
            lines.append(
                f"{path.parent.name}: {_figures(metrics)}"
                + (f", trained in {seconds:.0f} s" if seconds else "")
            )
    key = _read(root / RESULTS / METRICS)
    protocols = (name.removesuffix(MEASURED) for name in key if name.endswith(MEASURED))
    for protocol in protocols:
        for system in ("integrated", "popularity"):
            if figures := _figures(key, f"{protocol}_{system}_"):
                lines.append(f"{protocol}, {system}: {figures}")
    gate = _read(root / RESULTS / VERDICT)
    if gate:
        lines.append(f"gate: {'passed' if gate.get('passed') else 'FAILED'}")
    return lines


def _read(path: Path) -> Mapping[str, Any]:  # Any: JSON
    try:
        return read_json(path)
    except UserError:
        return {}


def _figures(metrics: Mapping[str, Any], prefix: str = "") -> str:  # Any: JSON
    return ", ".join(f"{name} {metrics[prefix + name]:.3f}" for name in FIGURES if prefix + name in metrics)


def server_line(root: Path) -> str:
    """Whether the app answers, and with which release."""
    url = server_url(root)
    release = release_served(url)
    return f"server: {f'serves release {release} at {url}' if release else f'no answer at {url}'}"
