"""The release in use, compared by the ranks that it brings along; what its models say is in test_evaluate.py."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from small_split import split_ratings

from movie_genie.data.cases import Cases, held_out
from movie_genie.data.schemas import PER_USER, PROTOCOLS, TEST, read_table, write_table
from movie_genie.evaluation.gate import Pair
from movie_genie.evaluation.incumbent import compare
from movie_genie.files import write_json

RATINGS = split_ratings([[5, 3, 1, 7], [6, 0, 2]], [[1, 2, 3, 4], [1, 2, 3]], 2, 3)
CASES = {protocol: held_out(RATINGS, protocol, TEST, 20) for protocol in PROTOCOLS}
RANKS = {protocol: np.arange(len(cases), dtype=np.float64) for protocol, cases in CASES.items()}
HASHES = {protocol: f"hash of {protocol}" for protocol in PROTOCOLS}
MOVIE_IDS = np.arange(10, 18)


def rows_of(protocol: str, system: str, cases: Cases, first_rank: float) -> list[dict[str, object]]:
    return [
        {
            "user_idx": user,
            "item_idx": item,
            "protocol": protocol,
            "system": system,
            "rank": first_rank + place,
        }
        for place, (user, item) in enumerate(zip(cases.users, cases.targets, strict=True))
    ]


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """A release in use, of which only the figures are there; its own ranks are 10, 11, …, a baseline's 50, …"""
    rows = []
    for protocol, cases in CASES.items():
        rows += rows_of(protocol, "popularity", cases, 50) + rows_of(protocol, "integrated", cases, 10)
    write_ranks(tmp_path / "abc123", rows)
    write_json(
        tmp_path / "abc123/key_metrics.json", {f"{name}_split_hash": of for name, of in HASHES.items()}
    )
    (tmp_path / "current").symlink_to("abc123")
    return tmp_path


def write_ranks(release: Path, rows: list[dict[str, object]]) -> None:
    write_table(release / "per_user.parquet", pa.Table.from_pylist(rows, PER_USER), PER_USER)


def pairs_of(releases: Path, **hashes: str):
    found = compare(releases, CASES, RANKS, HASHES | hashes, MOVIE_IDS)
    assert found is not None
    assert found.release_id == "abc123"
    assert list(found.pairs) == list(PROTOCOLS)
    return found.pairs


def test_where_no_release_is_in_use_there_is_nothing_to_compare_with(tmp_path):
    assert compare(tmp_path, CASES, RANKS, HASHES, MOVIE_IDS) is None


def test_on_the_same_split_each_case_has_the_releases_own_rank_of_it(releases):
    for protocol, pair in pairs_of(releases).items():
        assert isinstance(pair, Pair)
        assert pair.users.tolist() == CASES[protocol].users.tolist()
        assert pair.candidate.tolist() == RANKS[protocol].tolist()
        assert pair.incumbent.tolist() == [10 + place for place in range(len(CASES[protocol]))]
        assert pair.how == "its own ranks on the same split"


def test_on_another_split_a_protocol_without_weights_cannot_be_compared(releases):
    pairs = pairs_of(releases, temporal="new ratings came in")
    assert pairs["temporal"] == (
        "not comparable: it was measured on other cases, and a release carries no weights for this protocol"
    )
    assert isinstance(pairs["leave_one_out"], Pair)


@pytest.mark.parametrize("column", ["user_idx", "item_idx"])
def test_ranks_of_other_cases_are_not_taken_whatever_the_hash_says(releases, column):
    table = read_table(releases / "current/per_user.parquet", PER_USER)
    table.loc[table.index[-1], column] += 1
    write_table(releases / "current/per_user.parquet", table, PER_USER)
    assert str(pairs_of(releases)["temporal"]).startswith("not comparable: it was measured on other cases")


def test_what_is_broken_in_a_release_is_named_and_stops_nothing(releases):
    (releases / "abc123/per_user.parquet").write_bytes(b"torn")
    for pair in pairs_of(releases).values():
        assert "per_user.parquet: not a readable parquet file" in pair
    (releases / "abc123/key_metrics.json").unlink()
    for pair in pairs_of(releases).values():
        assert pair.startswith("not comparable: ") and "key_metrics.json: not found" in pair


@pytest.mark.parametrize("rank", [float("nan"), None, -1.0])
def test_a_rank_that_is_none_is_not_compared_with(releases, rank):
    """Every comparison with it would be false, so that no candidate could pass."""
    rows = [row for name, cases in CASES.items() for row in rows_of(name, "integrated", cases, 10)]
    write_ranks(releases / "abc123", [rows[0] | {"rank": rank}, *rows[1:]])
    first = PROTOCOLS.index(str(rows[0]["protocol"]))
    pair = list(pairs_of(releases).values())[first]
    assert str(pair).startswith("not comparable: ")
    assert "per_user.parquet" in str(pair)


def test_models_that_are_not_there_are_named(releases):
    pair = pairs_of(releases, leave_one_out="new ratings came in")["leave_one_out"]
    assert str(pair).startswith("not comparable: ")
    assert "two_stage.json: not found" in str(pair)
