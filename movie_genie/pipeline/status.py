"""`--status`: each stage's state, the last metrics, and whether the server answers."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from movie_genie.errors import UserError
from movie_genie.files import read_json
from movie_genie.orchestration.dvc_graph import PipelineGraph
from movie_genie.pipeline.dvc import BusyError, changes, ever_run, running
from movie_genie.pipeline.server import release_served, server_url

REASONS_SHOWN = 3
TRIES = 5


def after(graph: PipelineGraph, stages: Iterable[str]) -> dict[str, str]:
    """Every stage downstream of `stages`, each with a stage that it needs directly and that is changing."""
    found: dict[str, str] = {}
    known = set(stages)
    for name in graph.order:
        waits_for = next((up for up in graph.upstream(name) if up in known or up in found), None)
        if waits_for is not None:
            found[name] = waits_for
    return found


def stage_lines(root: Path, graph: PipelineGraph) -> list[str]:
    """One line a stage: up to date, running, or why not.

    DVC refuses to judge a running stage and what reads its outputs, so it is asked about the others only.
    """
    busy, changed = _running_and_changed(root, graph)
    behind_busy = after(graph, busy)
    behind_changed = after(graph, changed)
    known = ever_run(root)
    width = max(map(len, graph.stages))
    lines = []
    for name in graph.stages:
        if name in busy:
            state = "running"
        elif name in behind_busy:
            state = f"waits for {behind_busy[name]}, which runs or waits itself"
        elif name in changed:
            state = "to be run: " + (_shortened(changed[name]) if name in known else "it never was")
        elif name in behind_changed:
            state = f"to be checked after {behind_changed[name]}"
        else:
            state = "up to date"
        lines.append(f"{name:{width}}  {state}")
    return lines


def _running_and_changed(root: Path, graph: PipelineGraph) -> tuple[set[str], dict[str, list[str]]]:
    """Stages that run, and why others (less those that wait for them) are not up to date.

    Another stage may start between the two questions: then both are asked again.
    """
    for _ in range(TRIES):
        busy = running(root, graph)
        asked = [name for name in graph.order if name not in busy and name not in after(graph, busy)]
        with suppress(BusyError):
            return busy, changes(root, asked) if asked else {}
    raise UserError("stages start and end faster than DVC can be asked; try again")


def _shortened(reasons: list[str]) -> str:
    shown = ", ".join(reasons[:REASONS_SHOWN])
    more = len(reasons) - REASONS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def metric_lines(root: Path) -> list[str]:
    """The last run's figures: both models on validation, and the whole system beside popularity on test."""
    lines = []
    for model in ("two_tower", "bert4rec"):
        metrics = _read(root / "models" / model / "metrics.json")
        if metrics:
            figures = _figures(metrics, "", ("ndcg_at_10", "recall_at_10", "recall_at_50"))
            seconds = metrics.get("training_time_seconds")
            lines.append(f"{model}: {figures}" + (f", trained in {seconds:.0f} s" if seconds else ""))
    key = _read(root / "results/key_metrics.json")
    for protocol in ("leave_one_out", "temporal"):
        for system in ("integrated", "popularity"):
            figures = _figures(key, f"{protocol}_{system}_", ("ndcg_at_10", "recall_at_10", "recall_at_50"))
            if figures:
                lines.append(f"{protocol}, {system}: {figures}")
    gate = _read(root / "results/gate.json")
    if gate:
        lines.append(f"gate: {'passed' if gate.get('passed') else 'FAILED'}")
    return lines


def _read(path: Path) -> Mapping[str, Any]:  # Any: JSON
    try:
        return read_json(path)
    except UserError:
        return {}


def _figures(metrics: Mapping[str, Any], prefix: str, names: Iterable[str]) -> str:  # Any: JSON
    return ", ".join(f"{name} {metrics[prefix + name]:.3f}" for name in names if prefix + name in metrics)


def server_line(root: Path) -> str:
    """Whether the app answers, and with which release."""
    url = server_url(root)
    release = release_served(url)
    return f"server: {f'serves release {release} at {url}' if release else f'no answer at {url}'}"
