"""Stages side by side: each as soon as what it needs is done, each line of its output after its name."""

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from operator import not_
from pathlib import Path
from typing import Literal

from movie_genie.orchestration.dvc_graph import PipelineGraph
from movie_genie.pipeline.dvc import repro_command
from movie_genie.polling import poll

GRACE_SECONDS = 5.0
"""How long a stage may take to end after each signal, before the next, stronger one is sent."""

UNTOLD = re.compile(
    r"Running stage |> |Generating lock file|Updating lock file|To track the changes|\tgit add "
    r"|To enable auto|\tdvc config core\.autostage|Use `dvc push`|Data and pipelines are up to date"
    r"|Stage '.*' is cached|Stage '.*' didn't change|ERROR: failed to reproduce .*: failed to run: |$"
)
"""Lines of DVC that are left out, as they tell nothing to somebody who watches a run."""

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

KILLED = re.compile(r"ERROR: failed to reproduce .*, exited with -(\d+)$")
"""What DVC says of a stage that a signal ended."""


@dataclass(frozen=True)
class StageResult:
    """How a stage ended."""

    stage: str
    state: Literal["ran", "restored", "unchanged", "failed", "not run"]
    seconds: float
    why: str = ""
    """Of a failed stage its error line, or else its last line; of one that was not run what it lacked."""


class _Stop:
    """Stands among the results where a signal asked the run to end."""


class Runner:
    """Runs stages of one pipeline; every child is gone when `run` returns or raises."""

    def __init__(self, root: Path, graph: PipelineGraph) -> None:
        self._root, self._graph = root, graph
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._events: queue.SimpleQueue[StageResult | _Stop] = queue.SimpleQueue()
        self._width = max(map(len, graph.stages))
        self._stopping = False

    def run(self, stages: Collection[str], forced: Collection[str]) -> list[StageResult]:
        """Run `stages`, those in `forced` unconditionally; a failure stops only what depends on it."""
        needs = {name: [up for up in self._graph.upstream(name) if up in stages] for name in stages}
        sorter = TopologicalSorter(needs)
        sorter.prepare()
        results: dict[str, StageResult] = {}
        with self._children_end_with_us():
            while sorter.is_active():
                for name in sorter.get_ready():
                    lacking = [up for up in needs[name] if results[up].state in ("failed", "not run")]
                    if lacking:
                        self._events.put(StageResult(name, "not run", 0.0, f"needs {', '.join(lacking)}"))
                    else:
                        self._start(name, name in forced)
                result = self._events.get()
                if isinstance(result, _Stop):
                    raise KeyboardInterrupt
                results[result.stage] = result
                if result.state in ("ran", "restored", "unchanged"):
                    del self._children[result.stage]  # its group is empty, and its number may be given anew
                self._print(result.stage, _last_line(result))
                sorter.done(result.stage)
        return [results[name] for name in self._graph.order if name in results]

    def _start(self, name: str, force: bool) -> None:
        child = subprocess.Popen(
            repro_command(name, force),
            cwd=self._root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # a group of its own, so that the stage ends with its DVC
        )
        self._children[name] = child
        threading.Thread(target=self._follow, args=(name, child), daemon=True).start()

    def _follow(self, name: str, child: "subprocess.Popen[str]") -> None:
        """Print what a stage prints, until it ends, and note how it ended."""
        started = time.monotonic()
        state: Literal["ran", "restored", "unchanged"] = "unchanged"
        why, killed_by = "no reason given", 0
        with child:  # closes the pipe and waits
            for line in child.stdout or ():
                if line.startswith("Running stage "):
                    state = "ran"
                    self._print(name, "started")
                elif "is cached - skipping run" in line:
                    state = "restored"
                elif killed := KILLED.match(line):
                    killed_by = int(killed[1])
                elif not UNTOLD.match(line):
                    if not why.startswith("error: "):
                        why = line.strip()
                    self._print(name, line.rstrip())
        killed_by = max(killed_by, -child.returncode)
        if killed_by:
            why = f"killed by {signal.Signals(killed_by).name}"
        why = why.removeprefix("error: ").removeprefix("ERROR: ")
        seconds = time.monotonic() - started
        self._events.put(
            StageResult(name, "failed", seconds, why)
            if child.returncode
            else StageResult(name, state, seconds)
        )

    def _print(self, name: str, text: str) -> None:
        if not self._stopping:
            # one call a line, as several stages print at the same time
            sys.stdout.write(f"{name:{self._width}} | {text}\n")
            sys.stdout.flush()

    @contextlib.contextmanager
    def _children_end_with_us(self) -> Iterator[None]:
        """End every child when the block is left early: by Ctrl-C, by a signal to us, or by an error.

        The handler of a signal only puts an entry into the queue of results: an exception raised in it could
        come after a child's start and before we have noted the child. A signal that this process ignores (Ctrl-C
        where a shell runs it in the background, a closed terminal under `nohup`) gets the handler too, which
        does nothing then: a child would inherit that a signal is ignored, and could not be ended by it.
        """
        former = {number: signal.getsignal(number) for number in STOPPING}

        def stop(number: int, frame: object) -> None:
            if former[signal.Signals(number)] is not signal.SIG_IGN:
                self._events.put(_Stop())

        for number in STOPPING:
            signal.signal(number, stop)
        try:
            yield
        except BaseException:
            self._stopping = True
            groups = list(self._children.values())
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):  # at the first DVC cleans up
                still_there = partial(self._send, self._send(groups, number), None)
                groups = poll(still_there, not_, every=0.05, within=GRACE_SECONDS)
            raise
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    @staticmethod
    def _send(
        groups: list["subprocess.Popen[str]"], number: signal.Signals | None
    ) -> list["subprocess.Popen[str]"]:
        """Send a signal to process groups; those that still have a member are given back."""
        left = []
        for child in groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number or 0)
                left.append(child)
        return left


def _last_line(result: StageResult) -> str:
    words = {
        "ran": f"done in {format_duration(result.seconds)}",
        "restored": "restored from the cache",
        "unchanged": "nothing changed",
        "failed": f"FAILED after {format_duration(result.seconds)}",
        "not run": f"not run: {result.why}",
    }
    return words[result.state]


def format_duration(seconds: float) -> str:
    """Seconds in words: `0.4 s`, `12 s`, `3 min 20 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
