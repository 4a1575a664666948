import numpy as np
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


def test_what_is_known_of_newcomers_is_named_by_its_films():
    rows = by_latest(CASES, {"1": RANKS, "all": RANKS})
    assert [(row.kind, row.films, row.cases) for row in rows[::2]] == [
        ("latest", "1", 5),
        ("latest", "all", 5),
    ]
    assert rows[0].metrics["recall_at_50"] == 0.8
