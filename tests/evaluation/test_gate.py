from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_genie.config import GateCheck
from movie_genie.evaluation.gate import Incumbent, Pair, asked, failures, judge, share_not_worse

METRICS = {
    "leave_one_out_integrated_ndcg_at_10": 0.06,
    "leave_one_out_popularity_ndcg_at_10": 0.02,
    "temporal_integrated_ndcg_at_10": 0.04,
    "temporal_popularity_ndcg_at_10": 0.0,
}


def check(against: str, at_least: float, **changes: Any) -> GateCheck:
    values = {
        "name": f"not below {against}",
        "protocol": "leave_one_out",
        "metric": "ndcg_at_10",
        "against": against,
        "at_least": at_least,
        "status": "required",
    }
    return GateCheck.model_validate(values | changes)


def verdict(*checks: GateCheck, incumbent: Incumbent | None = None, **metrics: float) -> dict[str, Any]:
    return judge(checks, METRICS | metrics, incumbent, samples=500, confidence=0.9, seed=1)


def in_use(candidate: np.ndarray, incumbent: np.ndarray) -> Incumbent:
    pair = Pair(np.arange(len(candidate)), candidate, incumbent, "its own ranks")
    return Incumbent("abc123", {"leave_one_out": pair, "temporal": "not comparable: other cases"})


@pytest.mark.parametrize(
    ("against", "at_least", "passed"),
    [("floor", 0.06, True), ("floor", 0.0601, False), ("popularity", 3.0, True), ("popularity", 3.01, False)],
)
def test_floors_and_ratios_decide_at_the_point_they_name(against, at_least, passed):
    found = verdict(check(against, at_least))
    assert found["passed"] is passed
    assert found["checks"][0]["passed"] is passed


def test_a_reported_check_fails_no_gate():
    found = verdict(check("popularity", 9, status="reported"))
    assert found["passed"] is True
    assert found["checks"][0]["passed"] is False
    assert failures(found) == []


def test_each_check_carries_its_numbers():
    (row,) = verdict(check("popularity", 2))["checks"]
    assert (row["value"], row["reference"], row["ratio"]) == (0.06, 0.02, 3.0)
    assert asked(row) == "at least 2 times popularity (0.0200)"


def test_beating_a_baseline_that_finds_nothing_takes_finding_something():
    rows = check("popularity", 2, protocol="temporal")
    assert verdict(rows)["passed"] is True
    assert verdict(rows)["checks"][0]["ratio"] is None
    assert verdict(rows, temporal_integrated_ndcg_at_10=0.0)["passed"] is False


def test_without_a_release_in_use_there_is_nothing_to_fail():
    found = verdict(check("incumbent", 0.95))
    assert found["passed"] is True
    assert found["incumbent"] is None
    assert found["checks"][0]["passed"] is None
    assert found["checks"][0]["note"] == "no release is in use yet"


def test_an_incumbent_that_cannot_be_compared_fails_nothing_and_says_why():
    found = verdict(check("incumbent", 0.95, protocol="temporal"), incumbent=in_use(np.zeros(5), np.zeros(5)))
    assert found["passed"] is True
    assert found["incumbent"] == "abc123"
    assert found["checks"][0]["note"] == "not comparable: other cases"


RANKS = np.random.default_rng(0).geometric(0.08, 500) - 1.0


@pytest.mark.parametrize(
    ("candidate", "passed"),
    [
        (RANKS, True),  # the same
        (np.roll(RANKS, 1), True),  # as good, on other users
        (np.where(np.arange(500) % 40 == 0, np.inf, RANKS), True),  # 2.5 % lost: within the tolerance
        (np.where(np.arange(500) % 3 == 0, np.inf, RANKS), False),  # a third lost: beyond it
        (np.maximum(RANKS - 5, 0), True),  # better
    ],
)
def test_a_release_is_replaced_unless_it_is_surely_better_than_the_tolerance(candidate, passed):
    found = verdict(check("incumbent", 0.95), incumbent=in_use(candidate, RANKS))
    assert found["passed"] is passed
    assert 0 <= found["checks"][0]["share_not_worse"] <= 1


def test_the_refusal_names_each_failed_required_check():
    found = verdict(check("floor", 0.5, name="absolute floor"), check("popularity", 9, status="reported"))
    assert failures(found) == ["absolute floor: leave_one_out ndcg_at_10 is 0.0600, asked: at least 0.5"]


gains_of_users = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)


@settings(deadline=None)
@given(gains_of_users, st.floats(0.5, 1))
def test_a_system_is_never_surely_worse_than_itself(gains, at_least):
    assert share_not_worse(gains, gains, at_least, samples=50, seed=0) == 1


@settings(deadline=None)
@given(gains_of_users, st.integers(0, 2**31))
def test_more_gain_is_never_judged_worse(gains, seed):
    better = np.minimum(gains + 0.1, 1)
    other = gains[::-1]
    before = share_not_worse(gains, other, 0.95, samples=50, seed=seed)
    assert share_not_worse(better, other, 0.95, samples=50, seed=seed) >= before
