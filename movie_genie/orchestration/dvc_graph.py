"""dvc.yaml -> stages and edges, read as text: neither DVC nor Airflow is imported, and nothing is run.

Edges are DVC's own: a stage needs another when one of its dependencies is, lies in, or contains one of the
other's outputs (`dvc dag` draws the same; a test holds the two together).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from posixpath import join, normpath
from typing import Any

from movie_genie.orchestration.dvc_yaml import GraphError, stage_definitions

__all__ = ["GraphError", "PipelineGraph", "Stage", "load_graph"]


@dataclass(frozen=True)
class Stage:
    """One stage. Paths are relative to the folder of dvc.yaml, whatever the stage's own `wdir`."""

    name: str
    cmd: tuple[str, ...]  # one shell line each; DVC runs them in this order
    desc: str = ""
    deps: tuple[str, ...] = ()
    params: tuple[str, ...] = ()  # parameter files read
    outs: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    plots: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict, hash=False)  # Any: whatever its author wrote

    @property
    def reads(self) -> tuple[str, ...]:
        """Every path that the stage depends on."""
        return self.deps + self.params

    @property
    def writes(self) -> tuple[str, ...]:
        """Every path that the stage makes: outputs, metrics and plots."""
        return self.outs + self.metrics + self.plots


@dataclass(frozen=True)
class PipelineGraph:
    """A pipeline's stages by name, in the file's order, and its edges as (needed, needing)."""

    path: Path
    stages: Mapping[str, Stage]
    edges: tuple[tuple[str, str], ...]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Names such that each stage comes after all that it needs."""
        sorter = TopologicalSorter({name: self.upstream(name) for name in self.stages})
        return tuple(sorter.static_order())

    @cached_property
    def _neighbours(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        before: dict[str, list[str]] = {name: [] for name in self.stages}
        after: dict[str, list[str]] = {name: [] for name in self.stages}
        for needed, needing in self.edges:
            before[needing].append(needed)
            after[needed].append(needing)
        return before, after

    def upstream(self, name: str) -> tuple[str, ...]:
        """The stages that `name` needs directly."""
        return tuple(self._neighbours[0][name])

    def downstream(self, name: str) -> tuple[str, ...]:
        """The stages that need `name` directly."""
        return tuple(self._neighbours[1][name])


def load_graph(path: Path) -> PipelineGraph:
    """Read a dvc.yaml.

    Raises
    ------
    GraphError
        One line, when the file is missing or wrong or uses DVC's templates, outputs overlap, or stages need
        each other in a circle.
    """
    path = path.absolute()
    stages = {
        name: _stage(name, definition, f"{path}: stages.{name}")
        for name, definition in stage_definitions(path)
    }
    graph = PipelineGraph(path, stages, _edges(stages.values(), path))
    try:
        graph.order  # noqa: B018  # computed now, so that a circle is reported here
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise GraphError(f"{path}: stages need each other in a circle: {circle}") from None
    return graph


def _stage(name: str, definition: Mapping[str, Any], where: str) -> Stage:
    cmd = definition.get("cmd")
    lines: list[Any] = cmd if isinstance(cmd, list) else [cmd]  # Any: checked next
    if not lines or not all(isinstance(line, str) and line for line in lines):
        raise GraphError(f"{where}.cmd: expected a command, got {cmd!r}")
    wdir = normpath(definition.get("wdir") or ".")

    def paths(key: str) -> tuple[str, ...]:
        entries = definition.get(key) or []
        if not isinstance(entries, list):
            raise GraphError(f"{where}.{key}: expected a list of paths, got {entries!r}")
        return tuple(_path(entry, wdir, f"{where}.{key}") for entry in entries)

    meta = definition.get("meta") or {}
    if not isinstance(meta, Mapping):
        raise GraphError(f"{where}.meta: expected keys and values, got {meta!r}")
    return Stage(
        name=name,
        cmd=tuple(lines),
        desc=str(definition.get("desc") or ""),
        deps=paths("deps"),
        params=_params(definition.get("params") or [], wdir, f"{where}.params"),
        outs=paths("outs"),
        metrics=paths("metrics"),
        plots=paths("plots"),
        meta=meta,
    )


def _path(entry: object, wdir: str, where: str) -> str:
    """A path, or `{path: options}`, seen from the folder of dvc.yaml; addresses (s3://…) stay as they are."""
    if isinstance(entry, Mapping) and len(entry) == 1:
        (entry,) = entry
    if not isinstance(entry, str) or not entry:
        raise GraphError(f"{where}: expected a path, got {entry!r}")
    return entry if "://" in entry else normpath(join(wdir, entry))


def _params(entries: object, wdir: str, where: str) -> tuple[str, ...]:
    """The files of `params`: a bare key lies in params.yaml, `{file: keys}` names its own."""
    if not isinstance(entries, list):
        raise GraphError(f"{where}: expected a list, got {entries!r}")
    files: dict[str, None] = {}  # a set that keeps the order
    for entry in entries:
        names: Iterable[object] = entry if isinstance(entry, Mapping) else ["params.yaml"]
        files.update(dict.fromkeys(_path(name, wdir, where) for name in names))
    return tuple(files)


def _edges(stages: Iterable[Stage], path: Path) -> tuple[tuple[str, str], ...]:
    makers: dict[str, str] = {}  # output -> the stage that makes it
    inside: dict[str, dict[str, None]] = {}  # folder -> stages that make something below it
    stages = list(stages)
    for stage in stages:
        for out in stage.writes:
            if out in makers:
                raise GraphError(f"{path}: {out} is an output of both {makers[out]} and {stage.name}")
            makers[out] = stage.name
            for folder in _folders(out):
                inside.setdefault(folder, {})[stage.name] = None
    for out, maker in makers.items():
        if out in inside:
            other = next(iter(inside[out]))
            raise GraphError(
                f"{path}: an output of {other} lies in {out}, an output of {maker}; DVC refuses that"
            )
    edges: dict[tuple[str, str], None] = {}
    for stage in stages:
        for dep in stage.reads:
            needed = [makers[place] for place in (dep, *_folders(dep)) if place in makers]
            for name in (*needed, *inside.get(dep, ())):
                edges[name, stage.name] = None
    return tuple(edges)


def _folders(path: str) -> Iterable[str]:
    """The folders that a path lies in, inmost first; a bare name lies in `.`, the folder of dvc.yaml."""
    if "://" in path:
        return
    while (slash := path.rfind("/")) > 0:
        path = path[:slash]
        yield path
    if path != "." and not path.startswith(("/", "..")):
        yield "."
