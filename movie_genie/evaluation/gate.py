"""May this model reach users? Figures in, verdict out; nothing is read or written here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movie_genie.config import GateCheck
from movie_genie.evaluation.measure import by_user, gains
from movie_genie.evaluation.systems import INTEGRATED
from movie_genie.metrics import Ranks


@dataclass(frozen=True)
class Pair:
    """The candidate's and the incumbent's ranks of the same cases.

    Attributes
    ----------
    users : (cases,) int64
    candidate, incumbent : (cases,) float
        0-based ranks.
    how : str
        Where the incumbent's ranks are from, for the verdict.
    """

    users: NDArray[np.int64]
    candidate: Ranks
    incumbent: Ranks
    how: str


@dataclass(frozen=True)
class Incumbent:
    """The release in use.

    Attributes
    ----------
    release_id : str
    pairs : Mapping[str, Pair | str]
        For each protocol the pair of ranks, or why there is none.
    """

    release_id: str
    pairs: Mapping[str, Pair | str]


Check = dict[str, Any]  # Any: a check's row of gate.json holds numbers, words and nulls


NUMBER, INCUMBENT = "number", "incumbent"
"""What a check is against, where it is not another system of the same run."""


def judge(
    checks: Sequence[GateCheck],
    metrics: Mapping[str, float],
    incumbent: Incumbent | None,
    *,
    samples: int,
    confidence: float,
    seed: int,
) -> dict[str, Any]:
    """Hold the served system's figures against each check.

    Against a number or a baseline the figures themselves decide. Against the incumbent a paired bootstrap
    does: the check fails when at least `confidence` of the resampled sets of users show the candidate below
    `at_least` times the incumbent, so that neither noise blocks a model as good nor a worse one passes.

    Parameters
    ----------
    metrics : Mapping[str, float]
        `{protocol}_{system}_{metric}` and `{protocol}_{metric}` of a protocol, `{metric}` of what is measured once.
    samples : int
        How many sets of users the bootstrap draws.

    Returns
    -------
    dict
        `passed` (no required check failed), `incumbent` (its release id or None) and `checks`, each with its
        numbers and `passed`: None where there is nothing to compare with, which fails no gate.

    Raises
    ------
    KeyError
        When a check's metric was not measured; see `figures.check_names`.
    """
    rows = []
    for check in checks:
        value = _value(metrics, check)
        row: Check = check.model_dump() | {"value": value}
        if check.against == NUMBER:
            row |= {"reference": None, "ratio": None, "passed": _within(check, value)}
        elif check.against == INCUMBENT:
            row |= _against_incumbent(check, incumbent, samples, confidence, seed)
        else:
            reference = metrics[f"{check.protocol}_{check.against}_{check.metric}"]
            row |= _ratio(value, reference)
            row["passed"] = value > 0 and _within(check, value, reference)
        rows.append(row)
    return {
        "passed": not any(row["passed"] is False and row["status"] == "required" for row in rows),
        "incumbent": incumbent.release_id if incumbent else None,
        "checks": rows,
    }


def _value(metrics: Mapping[str, float], check: GateCheck) -> float:
    """A check's metric of the served system, or of the protocol or the run as a whole."""
    if check.protocol is None:
        return metrics[check.metric]
    own = f"{check.protocol}_{INTEGRATED}_{check.metric}"
    return metrics[own] if own in metrics else metrics[f"{check.protocol}_{check.metric}"]


def _within(check: GateCheck, value: float, unit: float = 1.0) -> bool:
    """Whether a value is within a check's bounds, which count in units."""
    low = check.at_least is None or value >= check.at_least * unit
    return low and (check.at_most is None or value <= check.at_most * unit)


def _against_incumbent(
    check: GateCheck, incumbent: Incumbent | None, samples: int, confidence: float, seed: int
) -> Check:
    pair = incumbent.pairs[check.protocol or ""] if incumbent else "no release is in use yet"
    if isinstance(pair, str):
        return {"reference": None, "ratio": None, "passed": None, "note": pair}
    ours = by_user(pair.users, gains(check.metric, pair.candidate))
    theirs = by_user(pair.users, gains(check.metric, pair.incumbent))
    likelihood = share_not_worse(ours, theirs, check.at_least or 0.0, samples, seed)
    return {
        **_ratio(float(ours.mean()), float(theirs.mean())),
        "share_not_worse": likelihood,
        "passed": 1 - likelihood < confidence,
        "note": pair.how,
    }


def share_not_worse(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], at_least: float, samples: int, seed: int
) -> float:
    """Share of bootstrap samples of users in which our mean is at least `at_least` times theirs.

    The samples are paired: a user who is drawn counts on both sides (Efron & Tibshirani 1993, chapter 6;
    Sakai 2006 for retrieval metrics).

    Parameters
    ----------
    ours, theirs : (users,) float
        Each user's mean gain.
    """
    margin = ours - at_least * theirs
    users = len(margin)
    # Rounding must not make equal systems look worse.
    return float((drawn(users, samples, seed) @ margin >= -1e-9 * users).mean())


def drawn(users: int, samples: int, seed: int) -> NDArray[np.int64]:
    """How often each user is in each bootstrap sample, which has as many as there are: (samples, users)."""
    return np.random.default_rng(seed).multinomial(users, np.full(users, 1 / users), samples)


def _ratio(value: float, reference: float) -> Check:
    return {"reference": round(reference, 6), "ratio": round(value / reference, 4) if reference else None}


def failures(verdict: Mapping[str, Any]) -> list[str]:
    """Say of each required check that failed what was asked and what was found."""
    return [
        f"{row['name']}: {' '.join(filter(None, (row['protocol'], row['metric'])))} is {row['value']:.4f}, "
        f"asked: {asked(row)}"
        for row in verdict["checks"]
        if row["passed"] is False and row["status"] == "required"
    ]


def asked(row: Mapping[str, Any]) -> str:
    """Say in words what a check asks for."""
    bounds = ((words, row[name]) for words, name in (("at least", "at_least"), ("at most", "at_most")))
    wanted = " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)
    if row["against"] == NUMBER:
        return wanted
    other = "the release in use" if row["against"] == INCUMBENT else row["against"].replace("_", " ")
    found = "" if row["reference"] is None else f" ({row['reference']:.4f})"
    return f"{wanted} times {other}{found}"
