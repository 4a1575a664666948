from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from movie_genie.data.cases import CASES_PER_USER
from movie_genie.data.dataset import read_films, read_interactions
from movie_genie.data.schemas import CONTENT, INTERACTIONS, TEST, TRAIN, VALIDATION, VOCABULARY, write_table
from movie_genie.errors import UserError
from movie_genie.training.examples import content_of, examples_of


def interactions(*users: list[tuple[int, int]]) -> pd.DataFrame:
    rows = [
        {"user_idx": user, "position": position, "item_idx": item, "leave_one_out": split}
        | {"timestamp": position, "rating": 1.0 + position % 5}
        for user, events in enumerate(users)
        for position, (item, split) in enumerate(events)
    ]
    return pd.DataFrame(rows).astype(
        {"item_idx": np.int32, "leave_one_out": np.int8, "rating": np.float32}
    )  # as in the file


def test_sequences_hold_training_events_only_and_histories_all_before_the_target():
    table = interactions(
        [(4, TRAIN), (2, TRAIN), (7, VALIDATION), (1, TEST)],
        [(3, TRAIN), (5, TRAIN)],
        [(6, TRAIN)],  # too short to learn an order from
    )
    examples = examples_of(table, 8, "leave_one_out")
    assert [sequence.items.tolist() for sequence in examples.sequences] == [[4, 2], [3, 5]]
    assert [history.items.tolist() for history in examples.validation.histories()] == [[4, 2]]
    assert examples.validation.targets.tolist() == [7]
    assert examples.items == 8
    items = [sequence.items for sequence in examples.sequences]
    assert {part.dtype for part in [*items, examples.validation.targets]} == {np.dtype(np.int64)}
    (first, second) = examples.sequences
    assert (first.stars.tolist(), first.times.tolist(), first.asked) == ([1, 2], [0, 1], 1)
    assert (second.stars.tolist(), second.times.tolist(), second.asked) == ([1, 2], [0, 1], 1)


def test_every_validation_event_is_asked_from_what_came_before_it():
    table = interactions([(0, TRAIN), (1, TRAIN), (2, VALIDATION), (3, VALIDATION), (4, TEST)])
    examples = examples_of(table, 5, "leave_one_out")
    assert examples.validation.targets.tolist() == [2, 3]
    assert [history.items.tolist() for history in examples.validation.histories()] == [[0, 1], [0, 1, 2]]


def test_a_user_with_many_validation_events_is_asked_a_spread_of_them():
    events = [(item, TRAIN) for item in range(3)] + [(item, VALIDATION) for item in range(3, 103)]
    targets = examples_of(interactions(events), 103, "leave_one_out").validation.targets
    assert len(targets) == CASES_PER_USER
    assert targets[0] == 7 and targets[-1] == 102
    assert np.ptp(np.diff(targets)) <= 1


def test_a_single_film_is_history_enough():
    table = interactions([(5, TRAIN), (3, VALIDATION)], [(0, TRAIN), (1, TRAIN)])
    examples = examples_of(table, 6, "leave_one_out")
    assert [history.items.tolist() for history in examples.validation.histories()] == [[5]]
    assert examples.validation.targets.tolist() == [3]


def test_a_validation_target_without_history_is_left_out():
    table = interactions([(0, VALIDATION), (1, TEST)], [(0, TRAIN), (1, TRAIN), (2, VALIDATION)])
    assert examples_of(table, 3, "leave_one_out").validation.targets.tolist() == [2]


def test_no_test_event_is_ever_seen():
    rng = np.random.default_rng(0)
    events = [[(int(rng.integers(50)), TRAIN)] * 3 + [(60, VALIDATION), (99, TEST)] for _ in range(20)]
    examples = examples_of(interactions(*events), 100, "leave_one_out")
    assert all(99 not in part.items for part in [*examples.sequences, *examples.validation.histories()])
    assert 99 not in examples.validation.targets


@pytest.mark.parametrize(
    "events",
    [
        [(0, TRAIN)],
        [(0, TRAIN), (1, TRAIN), (2, TEST)],  # nothing to validate with
        [(0, TRAIN), (1, VALIDATION), (2, TEST)],  # no order to learn
    ],
)
def test_too_little_to_learn_from_is_said(events):
    with pytest.raises(
        UserError,
        match=r"^protocol leave_one_out: too few ratings to train and validate; add ratings$",
    ):
        examples_of(interactions(events), 3, "leave_one_out")


FILMS = {  # movie_id: year, genres, mark of the embedding
    30: (1994, ["Drama", "Comedy"], 0.3),
    10: (None, None, 0.1),
    20: (2005, ["Action"], 0.2),
    99: (1899, ["Western"], 0.9),  # a film that nobody rated is in no vocabulary
}


@pytest.fixture
def processed(tmp_path, monkeypatch):
    """data/processed with the films above, of which the vocabulary holds three, in its own order."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {
            "movie_id": movie_id,
            "title": f"F{movie_id}",
            "year": year,
            "genres": genres,
            "embedding": [mark] * 384,
        }
        for movie_id, (year, genres, mark) in FILMS.items()
    ]
    write_table(
        tmp_path / "data/processed/content_features.parquet", pa.Table.from_pylist(rows, CONTENT), CONTENT
    )
    write_vocabulary(tmp_path, [10, 20, 30])
    return tmp_path / "data/processed"


def write_vocabulary(root, movie_ids):
    table = pa.table({"item_idx": range(len(movie_ids)), "movie_id": movie_ids}, schema=VOCABULARY)
    write_table(root / "data/processed/vocabulary.parquet", table, VOCABULARY)


@pytest.mark.usefixtures("processed")
def test_content_stands_in_the_order_of_the_vocabulary():
    content = content_of(read_films(Path()))
    assert content.text.shape == (3, 384)
    np.testing.assert_allclose(content.text[:, [0, -1]], [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]])
    # Action, Comedy, Drama
    assert content.genres.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 1]]
    assert content.genres.dtype == np.float32


def test_decades_are_counted_from_1900_and_0_is_an_unknown_year(processed):
    years = [None, 1870, 1899, 1900, 1909, 1910, 1994, 2029, 2030, 2099]
    rows = [
        {"movie_id": place, "title": "T", "year": year, "genres": [], "embedding": [0.0] * 384}
        for place, year in enumerate(years)
    ]
    write_table(processed / "content_features.parquet", pa.Table.from_pylist(rows, CONTENT), CONTENT)
    write_vocabulary(processed.parents[1], range(len(years)))
    decade = content_of(read_films(Path())).decade
    assert decade.tolist() == [0, 0, 0, 1, 1, 2, 10, 13, 14, 14]
    assert decade.dtype == np.int64


def test_a_film_without_content_is_named(processed):
    write_vocabulary(processed.parents[1], [10, 20, 40])
    with pytest.raises(
        UserError,
        match=r"^data/processed/content_features\.parquet: film 40 of the vocabulary is missing; run `dvc repro`$",
    ):
        content_of(read_films(Path()))


def test_a_table_without_ratings_is_said(processed):
    path = processed / "interactions.parquet"
    write_table(path, INTERACTIONS.empty_table(), INTERACTIONS)
    with pytest.raises(
        UserError,
        match=r"^data/processed/interactions\.parquet: holds no ratings; check the source in configs/data\.yaml$",
    ):
        read_interactions(Path())
    row = {"user_idx": 0, "position": 0, "item_idx": 4, "rating": 3.5, "timestamp": 1, "leave_one_out": 0}
    write_table(path, pa.Table.from_pylist([row | {"temporal": 0}], INTERACTIONS), INTERACTIONS)
    assert read_interactions(Path())["item_idx"].tolist() == [4]
