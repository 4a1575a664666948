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
    [
        ("number", 0.06, True),
        ("number", 0.0601, False),
        ("popularity", 3.0, True),
        ("popularity", 3.01, False),
    ],
)
def test_floors_and_ratios_decide_at_the_point_they_name(against, at_least, passed):
    found = verdict(check(against, at_least))
    assert found["passed"] is passed
    assert found["checks"][0]["passed"] is passed


@pytest.mark.parametrize(
    "changes", [{"at_most": 2.0}, {"protocol": None}, {"at_least": None, "at_most": 1.0}]
)
def test_the_release_in_use_is_held_against_at_least_under_a_protocol(changes):
    asked = check("incumbent", 0.95).model_dump() | changes
    with pytest.raises(ValueError, match="against the incumbent"):
        GateCheck.model_validate(asked)


def test_a_reported_check_fails_no_gate():
    found = verdict(check("popularity", 9, status="reported"))
    assert found["passed"] is True
    assert found["checks"][0]["passed"] is False
    assert failures(found) == []


def test_each_check_carries_its_numbers():
    (row,) = verdict(check("popularity", 2))["checks"]
    assert (row["value"], row["reference"], row["ratio"]) == (0.06, 0.02, 3.0)
    assert asked(row) == "at least 2 times popularity (0.0200)"


def test_numbers_are_written_short():
    (row,) = verdict(check("popularity", 2), leave_one_out_popularity_ndcg_at_10=0.0212345678)["checks"]
    assert (row["reference"], row["ratio"]) == (0.021235, 2.8256)


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


@pytest.mark.parametrize(("confidence", "enough"), [(0.9, 9), (0.8, 8), (0.7, 7), (0.6, 6)])
def test_a_release_stays_once_enough_of_ten_samples_find_it_better(confidence, enough):
    # A little more is lost than the tolerance allows, so the resampled sets of users disagree.
    candidate = in_use(np.where(np.arange(500) % 13 == 0, np.inf, np.roll(RANKS, 1)), RANKS)
    found = set()
    for seed in range(60):
        verdict = judge(
            [check("incumbent", 0.95)], METRICS, candidate, samples=10, confidence=confidence, seed=seed
        )
        (row,) = verdict["checks"]
        better = round(10 * (1 - row["share_not_worse"]))
        assert row["passed"] is (better < enough)
        found.add(better)
    assert {enough - 1, enough} <= found


def test_the_same_seed_gives_the_same_verdict():
    candidate = in_use(np.where(np.arange(500) % 13 == 0, np.inf, np.roll(RANKS, 1)), RANKS)
    shares = [verdict(check("incumbent", 0.95), incumbent=candidate)["checks"] for _ in range(3)]
    assert shares[0] == shares[1] == shares[2]


def test_the_comparison_with_the_release_in_use_is_of_each_users_mean():
    users = np.array([0, 0, 1, 2])
    ranks = np.array([0.0, np.inf, 12, 0]), np.array([0.0, 0, 0, 0])
    pair = Pair(users, *ranks, "its own ranks")
    (row,) = verdict(
        check("incumbent", 0.5, metric="recall_at_10"),
        incumbent=Incumbent("abc123", {"leave_one_out": pair}),
        leave_one_out_integrated_recall_at_10=0.5,
    )["checks"]
    assert (row["value"], row["reference"], row["ratio"]) == (0.5, 1.0, 0.5)
    assert row["note"] == "its own ranks"
    assert asked(row) == "at least 0.5 times the release in use (1.0000)"


def test_differences_of_a_billionth_are_rounding_and_larger_ones_are_not():
    theirs = np.full(10, 0.3)
    assert share_not_worse(theirs - 5e-10, theirs, 1.0, samples=50, seed=0) == 1
    assert share_not_worse(theirs - 2e-9, theirs, 1.0, samples=50, seed=0) == 0


def test_the_samples_are_drawn_user_by_user():
    # One of two users lost everything: of two draws with replacement, three of four hold that user.
    ours, theirs = np.array([1.0, 0.0]), np.array([1.0, 1.0])
    assert share_not_worse(ours, theirs, 1.0, samples=4000, seed=0) == pytest.approx(0.25, abs=0.03)
    # Half of what they reach is enough where only one of the two draws is of that user.
    assert share_not_worse(ours, theirs, 0.5, samples=4000, seed=0) == pytest.approx(0.75, abs=0.03)


def test_what_a_check_asks_is_said_in_words():
    (floor,) = verdict(check("number", 0.02))["checks"]
    assert (floor["reference"], floor["ratio"]) == (None, None)
    assert asked(floor) == "at least 0.02"
    (first,) = verdict(check("incumbent", 0.95))["checks"]
    assert asked(first) == "at least 0.95 times the release in use"
    (row,) = verdict(check("sequential_ridge", 0.8), leave_one_out_sequential_ridge_ndcg_at_10=0.0751)[
        "checks"
    ]
    assert asked(row) == "at least 0.8 times sequential ridge (0.0751)"


def test_the_refusal_names_each_failed_required_check():
    found = verdict(check("number", 0.5, name="absolute floor"), check("popularity", 9, status="reported"))
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
