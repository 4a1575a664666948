import numpy as np
import pytest
from small_split import split_ratings

from movie_genie.data.cases import held_out
from movie_genie.data.schemas import TEST
from movie_genie.evaluation.breakdown import by_latest, by_length

CASES = held_out(
    split_ratings([list(range(length + 1)) for length in (2, 5, 6, 20, 21)]), "leave_one_out", TEST, 1
)
RANKS = {"ours": np.array([0.0, 20, 0, 0, np.inf]), "theirs": np.full(5, np.inf)}


def test_histories_are_grouped_by_length_and_an_edge_ends_its_group():
    rows = by_length(CASES, RANKS, [5, 20])
    assert [(row.films, row.system, row.cases, row.metrics["recall_at_10"]) for row in rows] == [
        ("1–5", "ours", 2, 0.5),
        ("1–5", "theirs", 2, 0),
        ("6–20", "ours", 2, 1),
        ("6–20", "theirs", 2, 0),
        ("over 20", "ours", 1, 0),
        ("over 20", "theirs", 1, 0),
    ]


def test_groups_without_a_case_are_left_out():
    assert {row.films for row in by_length(CASES, RANKS, [1, 50])} == {"2–50"}


def test_a_group_of_one_length_is_named_by_it_and_the_last_one_has_no_end():
    assert [row.films for row in by_length(CASES, RANKS, [1, 2, 4, 5])[::2]] == ["2", "5", "over 5"]
    assert [row.films for row in by_length(CASES, RANKS, [2, 20])[::2]] == ["1–2", "3–20", "over 20"]


def test_each_system_is_measured_on_its_own_ranks_of_the_groups_cases():
    ranks = {"ours": np.array([0.0, 20, 100, 0, np.inf]), "theirs": np.array([np.inf, 0, 0, 0, 0])}
    rows = by_length(CASES, ranks, [5])
    assert [(row.kind, row.system, row.cases) for row in rows] == [
        ("length", "ours", 2),
        ("length", "theirs", 2),
        ("length", "ours", 3),
        ("length", "theirs", 3),
    ]
    assert [row.metrics["recall_at_10"] for row in rows] == pytest.approx([1 / 2, 1 / 2, 1 / 3, 1])
    assert [row.metrics["recall_at_50"] for row in rows] == pytest.approx([1, 1 / 2, 1 / 3, 1])
    assert rows[0].metrics.keys() == {"ndcg_at_10", "recall_at_10", "recall_at_50"}


def test_what_is_known_of_newcomers_is_named_by_its_films():
    rows = by_latest(CASES, {"1": RANKS, "all": RANKS})
    assert [(row.kind, row.films, row.cases) for row in rows[::2]] == [
        ("latest", "1", 5),
        ("latest", "all", 5),
    ]
    assert rows[0].metrics["recall_at_50"] == 0.8
