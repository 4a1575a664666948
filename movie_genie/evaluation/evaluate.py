"""The stage `integrated_evaluation`: measure under both protocols, judge, write, refuse a failure."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from movie_genie.artifacts import METRICS, RANKS, RECIPE, RESULTS, VERDICT, fingerprint, model_folders
from movie_genie.config import EvaluationConfig
from movie_genie.data import schemas
from movie_genie.data.cases import Cases
from movie_genie.data.schemas import RELEASED
from movie_genie.errors import UserError
from movie_genie.evaluation import figures, gate, incumbent, inputs, report
from movie_genie.evaluation.measure import LIST_LENGTH
from movie_genie.evaluation.outcome import DIGITS, Outcome, evaluate_protocol
from movie_genie.evaluation.systems import INTEGRATED
from movie_genie.files import write_json, write_text
from movie_genie.inference.two_stage import TwoStage
from movie_genie.tracking import track

log = logging.getLogger(__name__)

Outcomes = Mapping[str, Outcome]


def evaluate(config: EvaluationConfig, root: Path, releases: Path) -> None:
    """Write `root`/results: metrics, ranks, the served recipe, verdict, plots, report; refuse a failed gate.

    Parameters
    ----------
    releases : Path
        The folder whose `current` is the release in use, where there is one.

    Raises
    ------
    UserError
        When an input is missing or broken; or, after everything is written, when a required check failed.
    """
    started = time.perf_counter()
    figures.check_names(config)
    read = inputs.load(root)
    results = root / RESULTS
    # One thread gives the same bytes on any number of cores.
    with threadpool_limits(1, "blas"), track("integrated_evaluation", config.model_dump()) as run:
        outcomes = {name: evaluate_protocol(config, read, name) for name in schemas.PROTOCOLS}
        metrics = {
            f"{protocol}_{name}": value
            for protocol, outcome in outcomes.items()
            for name, value in outcome.metrics.items()
        }
        served = outcomes[RELEASED]
        milliseconds = latency(served.two_stage, served.cases, config.latency_requests, time.perf_counter)
        timings = {name: round(value, 3) for name, value in zip(figures.LATENCY, milliseconds, strict=True)}
        timings[figures.SECONDS] = round(time.perf_counter() - started, 1)
        verdict = gate.judge(
            config.gate,
            {name: value for name, value in (metrics | timings).items() if not isinstance(value, str)},
            incumbent.compare(
                releases,
                {name: outcome.cases for name, outcome in outcomes.items()},
                {name: outcome.answers[INTEGRATED].ranks for name, outcome in outcomes.items()},
                read.split_hashes,
                read.movie_ids,
            ),
            samples=config.bootstrap_samples,
            confidence=config.incumbent_confidence,
            seed=config.seed,
        )
        # A verdict is of these models and no others; `backend_server` holds them against it.
        folders = model_folders(root, RELEASED)
        verdict["models"] = {name: fingerprint(folders[name]) for name in config.models}
        write_json(results / METRICS, metrics)
        write_json(results / VERDICT, verdict)
        write_json(results / "timings.json", timings)
        write_json(results / RECIPE, served.two_stage.recipe())
        schemas.write_table(results / RANKS, per_user(outcomes), schemas.PER_USER)
        write_text(results / "plots/systems.csv", _csv(systems_plot(outcomes)))
        write_text(results / "plots/history_length.csv", _csv(history_plot(outcomes)))
        write_text(results / "report.html", report.render(config, read.titles, outcomes, verdict))
        run.summary({**metrics, **timings, "gate_passed": verdict["passed"]})
    log.info("the report is at %s", results / "report.html")
    if failed := gate.failures(verdict):
        raise UserError(f"{results / VERDICT}: the gate refuses these models: {'; '.join(failed)}")


def latency(
    two_stage: TwoStage, cases: Cases, requests: int, clock: Callable[[], float]
) -> tuple[float, float]:
    """Time whole recommendations of ten films, one at a time: (median, 99th percentile) in milliseconds.

    Parameters
    ----------
    requests : int
        At most so many of the cases are asked, evenly spread.
    clock : callable
        Seconds, as `time.perf_counter` counts them.
    """
    asked = np.unique(np.linspace(0, len(cases) - 1, requests).astype(int))
    seconds = []
    # The first call also pages the weights in, and is not counted.
    for case in (asked[0], *asked):
        started = clock()
        two_stage.recommend(cases.history(case), LIST_LENGTH, cases.seen(case))
        seconds.append(clock() - started)
    median, slow = np.percentile(seconds[1:], [50, 99]) * 1000
    return float(median), float(slow)


def per_user(outcomes: Outcomes) -> pd.DataFrame:
    """Every case's rank by every system, under schemas.PER_USER."""
    return pd.concat(
        pd.DataFrame(
            {
                "user_idx": outcome.cases.users,
                "item_idx": outcome.cases.targets,
                "protocol": protocol,
                "system": system,
                "rank": answer.ranks,
            }
        )
        for protocol, outcome in outcomes.items()
        for system, answer in outcome.answers.items()
    )


def systems_plot(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Rows of results/plots/systems.csv."""
    return [
        {"protocol": protocol, "system": system}
        | {metric: outcome.metrics[f"{system}_{metric}"] for metric in ("ndcg_at_10", "recall_at_10", "mrr")}
        for protocol, outcome in outcomes.items()
        for system in outcome.answers
    ]


ASKED = {"length": "histories of so many films", "latest": "only the latest films known"}


def history_plot(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Rows of results/plots/history_length.csv, lengths in their order."""
    return [
        {"asked": f"{protocol}: {ASKED[row.kind]}", "films": row.films, "system": row.system}
        | {"cases": row.cases}
        | {metric: round(value, DIGITS) for metric, value in row.metrics.items()}
        for protocol, outcome in outcomes.items()
        for row in outcome.histories
    ]


def _csv(rows: list[dict[str, Any]]) -> str:
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")
