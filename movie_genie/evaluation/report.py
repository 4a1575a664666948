"""results/report.html: the figures for people to read, one file that needs nothing else.

It holds no timings: the same models and data give the same bytes.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from movie_genie.config import EvaluationConfig
from movie_genie.evaluation.breakdown import Row
from movie_genie.evaluation.gate import asked
from movie_genie.evaluation.measure import by_user, gains
from movie_genie.evaluation.outcome import Outcome
from movie_genie.evaluation.systems import INTEGRATED, label

PROTOCOL_WORDS = {
    "leave_one_out": (
        "Leave one out",
        "Each user's last film is to be found from everything the user rated before it.",
    ),
    "temporal": (
        "Into the future",
        "The latest ratings of all users are to be found by systems that learnt from the time before. "
        "Most of these users are new to them.",
    ),
}

EXAMPLES = 4
LISTED = 5
"""Films shown of an example's history and of its recommendations."""


def _kind(system: str, models: Collection[str]) -> str:
    """How a system is drawn."""
    return "ours" if system == INTEGRATED else "model" if system in models else "baseline"


def render(
    config: EvaluationConfig,
    titles: Sequence[str],
    outcomes: Mapping[str, Outcome],
    verdict: Mapping[str, Any],
) -> str:
    """Write the report as one HTML page.

    Parameters
    ----------
    titles : (items,) str
        Shown as they are: whatever they hold is escaped.
    outcomes
        By protocol; the first one's models are those that viewers get.
    verdict
        What `gate.judge` returned.
    """
    environment = Environment(
        loader=PackageLoader("movie_genie.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    first = next(iter(outcomes.values()))
    return environment.get_template("report.html").render(
        verdict=verdict,
        asked=asked,
        protocols=[_protocol(config, name, outcome) for name, outcome in outcomes.items()],
        examples=_examples(first, titles, config.seed),
        first=first.metrics,
        films=len(titles),
        labels={name: label(name) for name in first.answers},
        heading=_heading,
        config=config,
    )


def _protocol(config: EvaluationConfig, name: str, outcome: Outcome) -> dict[str, Any]:
    heading, words = PROTOCOL_WORDS[name]
    metrics = outcome.metrics
    columns = [*config.rank_metrics, "coverage_at_10", "novelty_at_10", "diversity_at_10"]
    table = {
        system: [float(metrics[f"{system}_{column}"]) for column in columns] for system in outcome.answers
    }
    best = [max(row[place] for row in table.values()) for place in range(len(columns))]
    return {
        "name": name,
        "label": heading,
        "words": words,
        "metrics": metrics,
        "columns": [_heading(column) for column in columns],
        "rows": [
            {
                "label": label(system),
                "kind": _kind(system, outcome.two_stage.models),
                "cells": _cells(columns, row, best),
            }
            for system, row in table.items()
        ],
        "bars": _bars(outcome),
        "losses": [
            {
                "cutoff": cutoff,
                "found": metrics[f"{INTEGRATED}_recall_at_{cutoff}"],
                "lost": float(metrics["retrieval_ceiling"])
                - float(metrics[f"{INTEGRATED}_recall_at_{cutoff}"]),
                "alone": [metrics[f"{model}_recall_at_{cutoff}"] for model in outcome.two_stage.models],
            }
            for cutoff in config.cutoffs
        ],
        "models": [label(model) for model in outcome.two_stage.models],
        "trials": outcome.trials,
        "chart": _chart([row for row in outcome.histories if row.kind == "latest"], outcome.two_stage.models),
        "lengths": _by_films([row for row in outcome.histories if row.kind == "length"]),
    }


def _heading(metric: str) -> str:
    kind, _, cutoff = metric.partition("_at_")
    kind = {"ndcg": "NDCG", "mrr": "MRR"}.get(kind, kind.replace("_", " ").capitalize())
    return f"{kind}@{cutoff}" if cutoff else kind


def _cells(columns: Sequence[str], row: Sequence[float], best: Sequence[float]) -> list[dict[str, Any]]:
    return [
        {"text": f"{value:.2f}" if column.startswith("novelty") else f"{value:.3f}", "best": value == top}
        for column, value, top in zip(columns, row, best, strict=True)
    ]


def _bars(outcome: Outcome) -> list[dict[str, Any]]:
    """NDCG@10 of each system with its 95 % interval over users, in percent of the chart's width."""
    bars = []
    for system, answer in outcome.answers.items():
        own = by_user(outcome.cases.users, gains("ndcg_at_10", answer.ranks))
        margin = 1.96 * own.std() / np.sqrt(len(own))
        bars.append((system, own.mean(), max(own.mean() - margin, 0), own.mean() + margin))
    widest = max(high for *_, high in bars) or 1
    return [
        {
            "label": label(system),
            "kind": _kind(system, outcome.two_stage.models),
            "value": value,
            "width": 100 * value / widest,
            "low": 100 * low / widest,
            "high": 100 * high / widest,
        }
        for system, value, low, high in bars
    ]


CHART = {"width": 640, "height": 300, "left": 44, "right": 150, "top": 14, "bottom": 40}
"""In SVG units; the lines' names stand in the right margin."""


def _chart(rows: Sequence[Row], models: Collection[str]) -> dict[str, Any] | None:
    """NDCG@10 by how many films are known: a line a system, its name at its end, none on top of another."""
    if not rows:
        return None
    films = list(dict.fromkeys(row.films for row in rows))
    top = max(row.metrics["ndcg_at_10"] for row in rows) * 1.08 or 1
    width = CHART["width"] - CHART["left"] - CHART["right"]
    height = CHART["height"] - CHART["top"] - CHART["bottom"]
    x = {name: CHART["left"] + width * place / max(len(films) - 1, 1) for place, name in enumerate(films)}

    def y(value: float) -> float:
        return CHART["top"] + height * (1 - value / top)

    lines = []
    for system in dict.fromkeys(row.system for row in rows):
        values = {row.films: row.metrics["ndcg_at_10"] for row in rows if row.system == system}
        lines.append(
            {
                "label": label(system),
                "kind": _kind(system, models),
                "points": [(x[name], y(value), value, name) for name, value in values.items()],
            }
        )
    ends = np.array([line["points"][-1][1] for line in lines])
    for line, place in zip(lines, _apart(ends, 15.0), strict=True):
        line["label_y"] = place
    step = _step(top)
    ticks = [(y(value), value) for value in np.arange(0, top, step)]
    return {"box": CHART, "films": [(x[name], name) for name in films], "ticks": ticks, "lines": lines}


def _step(top: float) -> float:
    """A round distance between ticks, so that there are three to seven of them."""
    power = 10.0 ** np.floor(np.log10(top / 3))
    return float(max(step * power for step in (1, 2, 5) if step * power <= top / 3 * 1.001))


def _apart(places: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Move places apart until neighbours are `least` away from each other, each as little as may be."""
    order = np.argsort(places, kind="stable")
    groups: list[list[float]] = []  # wanted places that have become one block
    for want in places[order]:
        groups.append([float(want)])
        while len(groups) > 1 and _last(groups[-2], least) + least > _first(groups[-1], least):
            tail = groups.pop()
            groups[-1] += tail
    moved = np.empty_like(places)
    moved[order] = [_first(group, least) + least * place for group in groups for place in range(len(group))]
    return moved


def _first(group: Sequence[float], least: float) -> float:
    return float(np.mean(group)) - least * (len(group) - 1) / 2


def _last(group: Sequence[float], least: float) -> float:
    return float(np.mean(group)) + least * (len(group) - 1) / 2


def _by_films(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One line a group of lengths, each system's NDCG@10 in it."""
    groups: dict[str, dict[str, Any]] = {}
    for row in rows:
        group = groups.setdefault(row.films, {"films": row.films, "cases": row.cases, "values": {}})
        group["values"][row.system] = row.metrics["ndcg_at_10"]
    return list(groups.values())


def _examples(outcome: Outcome, titles: Sequence[str], seed: int) -> list[dict[str, Any]]:
    """Some test cases drawn by chance: what the user rated last, what was recommended, what came."""
    cases, answer = outcome.cases, outcome.answers[INTEGRATED]
    drawn = np.random.default_rng(seed).permutation(len(cases))[:EXAMPLES]
    return [
        {
            "history": [titles[item] for item in cases.history(case).items[-LISTED:][::-1]],
            "rated": int(cases.lengths[case]),
            "list": [
                {"title": titles[item], "hit": item == cases.targets[case]}
                for item in answer.lists[case][:LISTED]
                if item >= 0
            ],
            "target": titles[cases.targets[case]],
            "place": int(answer.ranks[case]) + 1 if np.isfinite(answer.ranks[case]) else None,
        }
        for case in drawn
    ]
