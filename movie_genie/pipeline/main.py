"""The pipeline's command line, less its arguments: what to run, and what to print."""

import time
from collections import Counter
from pathlib import Path

from movie_genie.errors import UserError
from movie_genie.orchestration.dvc_graph import PipelineGraph
from movie_genie.orchestration.stale_lock import clear_stale
from movie_genie.pipeline.dvc import changes, pipeline_of, running
from movie_genie.pipeline.runner import Runner, StageResult, format_duration
from movie_genie.pipeline.server import server_url, serves_us
from movie_genie.pipeline.status import after, metric_lines, server_line, stage_lines

SERVER_STAGE = "backend_server"


def show_status(root: Path) -> None:
    """Print each stage's state, the last metrics and the server's health."""
    graph = pipeline_of(root)
    print(
        *stage_lines(root, graph),
        "",
        *(metric_lines(root, graph) or ["no metrics yet"]),
        server_line(root),
        sep="\n",
    )


def run_pipeline(root: Path, group: str | None, force: bool) -> None:
    """Run what changed (or, with `force`, everything) of a group of stages, or of the whole pipeline.

    One look at all stages decides what there is to do, so that a run with nothing to do costs seconds. DVC
    cannot see that a server died; where none answers, its stage is forced.

    Raises
    ------
    UserError
        When a stage failed: its own error line, and what was therefore not run.
    """
    started = time.monotonic()
    graph = pipeline_of(root)
    selected = [name for name in graph.order if group in (None, _group(graph, name))]
    if not selected:
        known = ", ".join(dict.fromkeys(_group(graph, name) for name in graph.order))
        raise UserError(f"--stage: expected one of {known}, got {group}")
    for line in clear_stale(root):
        print(line)
    busy = running(root, graph)
    if busy:
        raise UserError(
            f"{', '.join(sorted(busy))} is running already; wait for it (--status shows how far it is)"
        )
    changed = changes(root, list(graph.order))
    _check_inputs(root, graph, selected)
    forced = set(selected) if force else set()
    if SERVER_STAGE in selected and not serves_us(root):
        forced.add(SERVER_STAGE)
    todo = [name for name in selected if name in forced or name in changed or name in after(graph, changed)]
    results = Runner(root, graph).run(todo, forced) if todo else []
    print(_summary(results, len(selected) - len(todo), time.monotonic() - started))
    failures = [f"{result.stage}: {result.why}" for result in results if result.state == "failed"]
    failures += [f"{result.stage} not run" for result in results if result.state == "not run"]
    if failures:
        raise UserError("; ".join(failures))
    if SERVER_STAGE in selected:
        print(f"Movie Genie is at {server_url(root)}")


def _summary(results: list[StageResult], untouched: int, seconds: float) -> str:
    """How it went, in a line: `8 stages in 3 min 20 s: 7 ran, 1 unchanged`."""
    counts: Counter[str] = Counter(result.state for result in results)
    counts["unchanged"] += untouched
    order = ("ran", "restored", "unchanged", "failed", "not run")
    words = ", ".join(f"{counts[state]} {state}" for state in order if counts[state])
    return f"{counts.total()} stage{'s' * (counts.total() != 1)} in {format_duration(seconds)}: {words}"


def _group(graph: PipelineGraph, stage: str) -> str:
    """What `--stage` calls a stage's group: its `meta: {group: …}` in dvc.yaml, or else its own name."""
    return str(graph.stages[stage].meta.get("group", stage))


def _check_inputs(root: Path, graph: PipelineGraph, selected: list[str]) -> None:
    """A group needs what the stages before it once made."""
    for name in selected:
        for up in graph.upstream(name):
            needed = set(graph.stages[up].writes) & set(graph.stages[name].reads)
            missing = sorted(path for path in needed if not (root / path).exists())
            if up not in selected and missing:
                raise UserError(
                    f"{name} needs {missing[0]}, which {up} makes; run --stage {_group(graph, up)} first"
                )
