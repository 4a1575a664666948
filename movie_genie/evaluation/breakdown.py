"""How systems do on short and on long histories, and when all they know of a user is the latest films."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from movie_genie.data.cases import Cases
from movie_genie.evaluation.measure import rank_metrics
from movie_genie.metrics import Ranks

METRICS = ["ndcg_at_10", "recall_at_10", "recall_at_50"]


@dataclass(frozen=True)
class Row:
    """One system's figures on the cases of one kind of history.

    Attributes
    ----------
    kind : str
        "length": the cases whose whole history is so long. "latest": all cases, histories cut to their latest.
    films : str
        How many: "6–20", "over 100", "3", "all".
    cases : int
    metrics : Mapping[str, float]
        Of METRICS.
    """

    kind: str
    films: str
    system: str
    cases: int
    metrics: Mapping[str, float]


def by_length(cases: Cases, ranks: Mapping[str, Ranks], edges: Sequence[int]) -> list[Row]:
    """Group cases by the length of their history: up to the first edge, up to the next …, over the last.

    Groups without a case are left out. `ranks` holds each system's: (cases,).
    """
    group = np.searchsorted(edges, cases.lengths)  # an edge belongs to the group that it ends
    rows = []
    for number in np.unique(group):
        chosen = np.flatnonzero(group == number)
        own = {system: rank[chosen] for system, rank in ranks.items()}
        rows += _rows("length", _films(int(number), edges), cases.take(chosen), own)
    return rows


def by_latest(cases: Cases, ranks: Mapping[str, Mapping[str, Ranks]]) -> list[Row]:
    """Put systems side by side that knew only the latest films.

    `ranks` holds each system's (cases,) for "1", "3" … and "all" films.
    """
    return [row for films, own in ranks.items() for row in _rows("latest", films, cases, own)]


def _rows(kind: str, films: str, cases: Cases, ranks: Mapping[str, Ranks]) -> list[Row]:
    return [
        Row(kind, films, system, len(cases), rank_metrics(cases, rank, METRICS))
        for system, rank in ranks.items()
    ]


def _films(group: int, edges: Sequence[int]) -> str:
    if group == len(edges):
        return f"over {edges[-1]}"
    first = edges[group - 1] + 1 if group else 1
    return f"{first}–{edges[group]}" if first < edges[group] else f"{first}"
