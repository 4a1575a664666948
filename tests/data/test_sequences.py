import hashlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_genie.config import SequencesConfig
from movie_genie.data.engine import Engine, open_engine
from movie_genie.data.schemas import (
    FIRST_VIEWER_ID,
    INTERACTIONS,
    MOVIES,
    RATINGS,
    TEST,
    TRAIN,
    USERS,
    VALIDATION,
    VOCABULARY,
    read_arrow,
    read_table,
    write_table,
)
from movie_genie.data.sequences import (
    enough_ratings,
    latest_of_viewers,
    order,
    process_sequences,
    split,
    split_hash,
    time_cuts,
    time_weights,
)
from movie_genie.errors import UserError
from movie_genie.files import read_json

CONFIG = SequencesConfig(
    min_user_ratings=3,
    most_viewer_ratings=100,
    temporal_validation_share=0.1,
    temporal_test_share=0.2,
    viewer_time_share=0.001,
)
VIEWER = FIRST_VIEWER_ID


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


def ratings_table(rows: list[tuple[int, int, int]]) -> pa.Table:
    """Rows of (user_id, movie_id, timestamp) in the file's order, rated 3."""
    users, films, times = zip(*rows, strict=True)
    return pa.table([users, films, [3.0] * len(rows), times, range(len(rows))], schema=RATINGS)


@st.composite
def ratings(draw: st.DrawFn) -> pa.Table:
    """Up to 40 ratings of a few users and films, with many equal times."""
    pairs = draw(
        st.lists(st.tuples(st.integers(1, 6), st.integers(1, 12)), min_size=1, max_size=40, unique=True)
    )
    times = draw(st.lists(st.integers(0, 15), min_size=len(pairs), max_size=len(pairs)))
    return ratings_table([(*pair, time) for pair, time in zip(pairs, times, strict=True)])


def events_of(engine: Engine, table: pa.Table, cuts: tuple[int, int] = (10, 13)) -> pa.Table:
    users, films = np.unique(table["user_id"]), np.unique(table["movie_id"])
    tables = {
        "r": table,
        "u": pa.table([range(len(users)), users], schema=USERS),
        "f": pa.table([range(len(films)), films], schema=VOCABULARY),
    }
    created = [engine.create_table(name, content, overwrite=True) for name, content in tables.items()]
    return split(order(*created), *cuts).order_by("user_idx", "position").to_pyarrow()


def cuts_of(times: np.ndarray, validation: float, test: float) -> tuple[int, int]:
    """Where time is cut if each event counts the same."""
    return time_cuts(times, np.ones(len(times)), validation, test)


few_examples = settings(deadline=None, max_examples=12)  # each is a query, or several


@given(table=ratings())
@few_examples
def test_each_user_goes_from_the_oldest_on_and_ties_keep_the_files_order(
    engine: Engine, table: pa.Table
) -> None:
    events = events_of(engine, table).to_pylist()
    expected = sorted(
        table.to_pylist(), key=lambda row: (row["user_id"], row["timestamp"], row["file_order"])
    )
    assert [(row["user_id"], row["movie_id"]) for row in events] == [
        (row["user_id"], row["movie_id"]) for row in expected
    ]
    for user in {row["user_id"] for row in events}:
        positions = [row["position"] for row in events if row["user_id"] == user]
        assert positions == list(range(len(positions)))


@given(table=ratings(), seed=st.randoms(use_true_random=False))
@few_examples
def test_the_order_of_the_tables_rows_makes_no_difference(engine: Engine, table: pa.Table, seed) -> None:
    rows = list(range(len(table)))
    seed.shuffle(rows)
    assert events_of(engine, table.take(rows)).equals(events_of(engine, table))


@given(table=ratings())
@few_examples
def test_leave_one_out_tests_the_last_event_of_whoever_has_three(engine: Engine, table: pa.Table) -> None:
    events = events_of(engine, table).to_pylist()
    for user in {row["user_id"] for row in events}:
        parts = [row["leave_one_out"] for row in events if row["user_id"] == user]
        end = [VALIDATION, TEST] if len(parts) >= 3 else [TRAIN] * min(2, len(parts))
        assert parts == [TRAIN] * (len(parts) - len(end)) + end


@given(table=ratings(), validation=st.floats(0.01, 0.45), test=st.floats(0.01, 0.45))
@few_examples
def test_the_temporal_split_never_looks_ahead(
    engine: Engine, table: pa.Table, validation: float, test: float
) -> None:
    cuts = cuts_of(table["timestamp"].to_numpy(), validation, test)
    events = events_of(engine, table, cuts)
    times, parts = events["timestamp"].to_numpy(), events["temporal"].to_numpy()
    for earlier, later in ((TRAIN, VALIDATION), (VALIDATION, TEST), (TRAIN, TEST)):
        if (parts == earlier).any() and (parts == later).any():
            assert times[parts == earlier].max() < times[parts == later].min()
    assert (parts == TEST).sum() >= test * len(parts) - 1e-6
    assert (parts != TRAIN).sum() >= (validation + test) * len(parts) - 1e-6


shares = st.floats(0.01, 0.45)


@given(st.lists(st.integers(0, 10**9), min_size=1, unique=True), shares, shares)
def test_without_ties_the_shares_are_met_to_one_event(
    times: list[int], validation: float, test: float
) -> None:
    cuts = cuts_of(np.array(times), validation, test)
    for cut, share in zip(cuts, (validation + test, test), strict=True):
        later = sum(time >= cut for time in times)
        assert share * len(times) - 1e-6 <= later < share * len(times) + 1 + 1e-6


def test_users_with_too_few_ratings_are_left_out() -> None:
    table = ratings_table([(1, 1, 1), (2, 1, 1), (1, 2, 2), (2, 2, 2), (1, 3, 3)])
    assert set(enough_ratings(table, 3)["user_id"].to_pylist()) == {1}
    assert enough_ratings(table, 2).equals(table)


def test_a_share_that_leaves_less_than_an_event_still_tests_the_last_one() -> None:
    assert cuts_of(np.array([30, 10, 20]), 0.001, 0.001) == (30, 30)
    assert cuts_of(np.array([4, 1, 3, 2, 5]), 0.2, 0.2) == (4, 5)
    assert cuts_of(np.array([30, 10, 20]), 1e-17, 1e-17) == (30, 30)


def test_a_source_without_viewers_is_cut_where_a_plain_quantile_cuts_it() -> None:
    times = np.random.default_rng(3).integers(0, 500, 2_000)
    weights = time_weights(np.arange(2_000), 0.001)
    assert (weights == 1).all()
    ordered = np.sort(times)
    assert time_cuts(times, weights, 0.05, 0.1) == (ordered[1_700], ordered[1_800])


def test_where_time_is_cut_a_viewer_counts_as_at_most_a_share_of_the_source() -> None:
    users = np.array([1] * 60 + [2] * 40 + [VIEWER] * 500 + [VIEWER + 1] * 2)
    weights = time_weights(users, 0.05)
    np.testing.assert_allclose(weights, [1] * 100 + [5 / 500] * 500 + [1] * 2)
    np.testing.assert_allclose(time_weights(users, 0.0001)[100:], [1 / 500] * 500 + [1 / 2] * 2)


@pytest.mark.parametrize("apart", [0, 86_400], ids=["all at one time", "over years"])
def test_two_viewers_who_rate_everything_leave_the_cuts_where_they_are(apart: int) -> None:
    times = np.arange(1_000)
    late = [5_000 + apart * number for number in range(2_000)]
    users = np.array([7] * 1_000 + [VIEWER, VIEWER + 1] * 1_000)
    weights = time_weights(users, 0.001)
    validation, test = time_cuts(np.concatenate([times, late]), weights, 0.05, 0.1)
    alone = cuts_of(times, 0.05, 0.1)
    assert (abs(validation - alone[0]), abs(test - alone[1])) <= (2, 2)


def test_many_viewers_move_the_cuts_into_their_own_time() -> None:
    users = np.array([7] * 1_000 + [VIEWER + number for number in range(400)])
    times = np.array([*range(1_000), *range(5_000, 5_400)])
    assert (
        cuts_of(times, 0.05, 0.1) == time_cuts(times, time_weights(users, 0.001), 0.05, 0.1) == (5_190, 5_260)
    )


def test_of_a_viewer_the_latest_ratings_are_kept_and_of_others_all() -> None:
    rows = [(1, film, film) for film in range(1, 9)]
    rows += [(VIEWER, 1, 50), (VIEWER, 2, 40), (VIEWER, 3, 60), (VIEWER, 4, 50), (VIEWER + 1, 1, 5)]
    table = ratings_table(rows)
    kept = latest_of_viewers(table, 2)
    assert kept["movie_id"].to_pylist() == [*range(1, 9), 3, 4, 1]
    shuffled = latest_of_viewers(table.take([12, 9, 8, 11, 10, *range(8)]), 2).sort_by("file_order")
    assert shuffled.equals(kept)


def test_the_hash_sees_order_and_parts_and_nothing_else(engine: Engine) -> None:
    rows = [(1, film, film) for film in (1, 2, 3, 4)]

    def hash_of(rows: list[tuple[int, int, int]]) -> str:
        return split_hash(events_of(engine, ratings_table(rows)), "leave_one_out")

    assert hash_of(rows) == hash_of([(user, film, time + 5) for user, film, time in rows])
    swapped, longer = [(1, 2, 1), (1, 1, 2), *rows[2:]], [*rows, (1, 5, 5)]
    assert len({hash_of(rows), hash_of(swapped), hash_of(longer)}) == 3


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Raw tables: 12 users with 2 to 7 ratings, and a film that nobody rated."""
    rows = [
        (100 + user, film, 1000 + 10 * film + user) for user in range(12) for film in range(1, 3 + user % 6)
    ]
    films = [{"movie_id": film, "title": f"T{film}", "genres": []} for film in (*range(1, 8), 50)]
    write_table(tmp_path / "data/raw/ratings.parquet", ratings_table(rows), RATINGS)
    write_table(tmp_path / "data/raw/movies.parquet", pa.Table.from_pylist(films, schema=MOVIES), MOVIES)
    return tmp_path


def test_the_stage_numbers_users_and_films_by_their_ids(project: Path) -> None:
    process_sequences(CONFIG, project)
    users = read_table(project / "data/processed/users.parquet", USERS)
    films = read_table(project / "data/processed/vocabulary.parquet", VOCABULARY)
    events = read_table(project / "data/processed/interactions.parquet", INTERACTIONS)
    assert users.user_id.tolist() == [101, 102, 103, 104, 105, 107, 108, 109, 110, 111]
    assert films.movie_id.tolist() == [1, 2, 3, 4, 5, 6, 7, 50]
    assert users.user_idx.tolist() == list(range(10))
    assert films.item_idx.tolist() == list(range(8))
    assert set(events.user_idx) == set(range(10))
    figures = read_json(project / "data/processed/splits.json")
    assert (figures["users"], figures["films"], figures["users_left_out"]) == (10, 8, 2)
    assert figures["leave_one_out_test"] == figures["leave_one_out_validation"] == 10
    assert sum(figures[f"temporal_{part}"] for part in ("train", "validation", "test")) == len(events)


def test_the_figures_are_those_of_the_tables(project: Path) -> None:
    process_sequences(CONFIG, project)
    events = pq.read_table(project / "data/processed/interactions.parquet").to_pandas()
    figures = read_json(project / "data/processed/splits.json")
    hashes = {name: figures.pop(name) for name in ("leave_one_out_hash", "temporal_hash")}
    assert figures == {
        "users": 10,
        "films": 8,
        "events": 50,
        "users_left_out": 2,
        "viewers": 0,
        "viewers_events": 0,
        "viewers_ratings_left_out": 0,
        "median_history": 5,
        "longest_history": 7,
        "leave_one_out_train": 30,
        "leave_one_out_validation": 10,
        "leave_one_out_test": 10,
        "leave_one_out_test_users": 10,
        # of 50 times the 36th and the 41st
        "temporal_validation_from": "1970-01-01T00:17:29+00:00",
        "temporal_test_from": "1970-01-01T00:17:35+00:00",
        "temporal_train": 35,
        "temporal_validation": 5,
        "temporal_test": 10,
        "temporal_test_users": 5,
    }
    ids = np.array([101, 102, 103, 104, 105, 107, 108, 109, 110, 111])[events.user_idx]
    for protocol in ("leave_one_out", "temporal"):
        columns = ids, events.item_idx + 1, events[protocol]
        content = b"".join(np.asarray(column, np.int64).tobytes() for column in columns)
        assert hashes[f"{protocol}_hash"] == hashlib.sha256(content).hexdigest()


def test_how_much_there_is_is_logged(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    process_sequences(CONFIG, project)
    assert caplog.messages == ["10 users, 8 films, 50 events"]


def test_each_rating_keeps_its_stars_and_time(project: Path) -> None:
    path = project / "data/raw/ratings.parquet"
    stars = read_table(path, RATINGS).assign(rating=lambda rows: (rows.file_order % 10 + 1) / 2)
    write_table(path, stars, RATINGS)
    process_sequences(CONFIG, project)
    events = read_table(project / "data/processed/interactions.parquet", INTERACTIONS)
    kept = stars[~stars.user_id.isin([100, 106])].sort_values(["user_id", "timestamp"])
    assert events.rating.tolist() == kept.rating.tolist()
    assert events.timestamp.tolist() == kept.timestamp.tolist()
    assert events.item_idx.tolist() == (kept.movie_id - 1).tolist()
    assert events.position.tolist() == [place for n in (3, 4, 5, 6, 7) * 2 for place in range(n)]


def test_the_stage_writes_the_same_bytes_twice(project: Path) -> None:
    runs = []
    for _ in range(2):
        process_sequences(CONFIG, project)
        runs.append({path.name: path.read_bytes() for path in (project / "data/processed").iterdir()})
    assert runs[0] == runs[1]
    assert sorted(runs[0]) == ["interactions.parquet", "splits.json", "users.parquet", "vocabulary.parquet"]


def test_a_new_user_and_film_at_the_end_leave_all_other_numbers(project: Path) -> None:
    process_sequences(CONFIG, project)
    before = read_table(project / "data/processed/interactions.parquet", INTERACTIONS)
    rows = read_table(project / "data/raw/ratings.parquet", RATINGS)
    more = rows[rows.user_id == 111].assign(user_id=999, file_order=lambda frame: frame.file_order + 1000)
    grown = pd.concat([rows, more])
    write_table(project / "data/raw/ratings.parquet", grown, RATINGS)
    process_sequences(CONFIG, project)
    after = read_table(project / "data/processed/interactions.parquet", INTERACTIONS)
    columns = ["user_idx", "position", "item_idx", "leave_one_out"]
    assert after[after.user_idx < 10][columns].equals(before[columns])


def add_ratings(project: Path, rows: list[tuple[int, int, int]]) -> None:
    """Put rows of (user_id, movie_id, timestamp) after those that are there."""
    path = project / "data/raw/ratings.parquet"
    there = read_arrow(path, RATINGS)
    more = ratings_table(rows)
    places = pa.array(range(len(there), len(there) + len(more)), pa.int64())
    more = more.set_column(4, RATINGS.field("file_order"), places)
    write_table(path, pa.concat_tables([there, more]), RATINGS)


def test_viewers_who_rated_every_film_at_once_do_not_become_the_split(project: Path) -> None:
    process_sequences(CONFIG, project)
    before = read_json(project / "data/processed/splits.json")
    add_ratings(project, [(VIEWER + who, film, 9_000) for who in range(2) for film in (*range(1, 8), 50)])
    process_sequences(CONFIG.model_copy(update={"most_viewer_ratings": 6}), project)
    after = read_json(project / "data/processed/splits.json")
    assert (after["viewers"], after["viewers_events"], after["viewers_ratings_left_out"]) == (2, 12, 4)
    events = read_table(project / "data/processed/interactions.parquet", INTERACTIONS)
    assert (
        events[events.user_idx >= 10].groupby("user_idx").item_idx.apply(list).tolist()
        == [[2, 3, 4, 5, 6, 7]] * 2
    )
    assert after["temporal_validation"] > 0
    assert after["temporal_test_users"] == before["temporal_test_users"] + 2


def test_too_few_ratings_are_a_clear_error(project: Path) -> None:
    with pytest.raises(
        UserError, match=r"^no user has 100 ratings \(min_user_ratings in configs/sequences\.yaml\)$"
    ):
        process_sequences(CONFIG.model_copy(update={"min_user_ratings": 100}), project)


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        ([(user, film, 5) for user in (1, 2) for film in (1, 2, 3)], "the temporal split has no train"),
        ([(1, 1, 1), (1, 2, 9), (1, 3, 9)], "the temporal split has no validation"),
        ([(1, 1, 1), (1, 2, 2), (2, 1, 3), (2, 2, 4)], "the leave_one_out split has no validation"),
    ],
)
def test_a_split_with_an_empty_part_is_a_clear_error(
    project: Path, rows: list[tuple[int, int, int]], part: str
) -> None:
    write_table(project / "data/raw/ratings.parquet", ratings_table(rows), RATINGS)
    line = f"data/raw/ratings.parquet: {part} ratings; the data are too few, or all of one time"
    with pytest.raises(UserError, match=f"^{re.escape(line)}$"):
        process_sequences(CONFIG.model_copy(update={"min_user_ratings": 2}), project)
    assert not (project / "data/processed").exists()


def test_a_missing_raw_table_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ratings\.parquet: not found"):
        process_sequences(CONFIG, tmp_path)
