"""The stage `integrated_evaluation`: measure under both protocols, judge, write, refuse a failure."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from movie_genie import weights
from movie_genie.config import EvaluationConfig
from movie_genie.data import schemas
from movie_genie.errors import UserError
from movie_genie.evaluation import gate, incumbent, material, report
from movie_genie.evaluation.models import latency
from movie_genie.evaluation.outcome import DIGITS, RELEASED, Outcome, evaluate_protocol
from movie_genie.files import write_json, write_text
from movie_genie.tracking import track

log = logging.getLogger(__name__)

Outcomes = Mapping[str, Outcome]


def evaluate(config: EvaluationConfig, root: Path, releases: Path) -> None:
    """Write `root`/results: metrics, ranks, fusion weight, verdict, plots, report; refuse a failed gate.

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
    inputs = material.load(root)
    results = root / "results"
    # One history at a time makes products too small to share between cores; and one thread gives the same bytes
    # on any number of them.
    with threadpool_limits(1, "blas"), track("integrated_evaluation", config.model_dump()) as run:
        outcomes = {name: evaluate_protocol(config, inputs, name) for name in schemas.PROTOCOLS}
        metrics = {
            f"{protocol}_{name}": value
            for protocol, outcome in outcomes.items()
            for name, value in outcome.metrics.items()
        }
        verdict = gate.judge(
            config.gate,
            {name: value for name, value in metrics.items() if not isinstance(value, str)},
            incumbent.compare(
                releases,
                {name: outcome.cases for name, outcome in outcomes.items()},
                {name: outcome.answers["integrated"].ranks for name, outcome in outcomes.items()},
                inputs.split_hashes,
                inputs.movie_ids,
            ),
            samples=config.bootstrap_samples,
            confidence=config.incumbent_confidence,
            seed=config.seed,
        )
        released = outcomes[RELEASED]
        median, slow = latency(released.two_stage, released.cases, config.latency_requests, time.perf_counter)
        timings = {
            "integrated_latency_ms_p50": round(median, 3),
            "integrated_latency_ms_p99": round(slow, 3),
            "evaluation_time_seconds": round(time.perf_counter() - started, 1),
        }
        write_json(results / "key_metrics.json", metrics)
        # A verdict is of these weights and no others; `backend_server` holds them against it.
        verdict["models"] = weights.fingerprints(root / "models", RELEASED)
        write_json(results / "gate.json", verdict)
        write_json(results / "timings.json", timings)
        write_json(
            results / "fusion.json",
            {"fusion_weight": released.two_stage.fusion_weight, "candidates": config.candidates},
        )
        schemas.write_table(results / "per_user.parquet", per_user(outcomes), schemas.PER_USER)
        write_text(results / "plots/systems.csv", _csv(systems_plot(outcomes)))
        write_text(results / "plots/history_length.csv", _csv(history_plot(outcomes)))
        write_text(results / "report.html", report.render(config, inputs.titles, outcomes, verdict))
        run.summary({**metrics, **timings, "gate_passed": verdict["passed"]})
    log.info("the report is at %s", results / "report.html")
    if failed := gate.failures(verdict):
        raise UserError(f"{results / 'gate.json'}: the gate refuses these models: {'; '.join(failed)}")


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
