"""The feedback snapshot: what viewers rated, as the pipeline reads it, and no new bytes without new ratings."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from movie_genie.backend.accounts import Accounts, Viewer
from movie_genie.backend.database import Database
from movie_genie.backend.feedback import Feedback, StoredRating
from movie_genie.backend.snapshot import SCHEMA, snapshot
from movie_genie.data.schemas import FIRST_VIEWER_ID


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'films.db'}")
    database.prepare()
    yield database
    database.close()


@pytest.fixture
def viewer(database: Database) -> Viewer:
    accounts = Accounts(database)
    viewer = accounts.recognise(accounts.open_guest())
    assert viewer is not None
    return viewer


def test_nothing_is_written_while_nobody_rated_anything(database: Database, tmp_path: Path):
    target = tmp_path / "feedback/ratings.parquet"
    assert snapshot(database, target) == (0, False)
    assert not target.exists()


def test_ratings_come_with_ids_that_no_data_set_has_and_in_order(
    database: Database, viewer: Viewer, tmp_path: Path
):
    Feedback(database).rate_many(
        viewer.id,
        [
            StoredRating(7, 4.5, 2_000_900),
            StoredRating(3, 0.5, 1_000_000),
            StoredRating(9, None, 3_000_000),  # no stars: nothing to learn from
        ],
    )
    target = tmp_path / "ratings.parquet"
    assert snapshot(database, target) == (2, True)
    table = pq.read_table(target)
    assert table.schema == SCHEMA
    assert table.to_pydict() == {
        "user_id": [FIRST_VIEWER_ID + viewer.id] * 2,
        "movie_id": [3, 7],
        "rating": [0.5, 4.5],
        "timestamp": [1000, 2000],
    }


def test_the_same_ratings_give_the_same_bytes_and_an_untouched_file(
    database: Database, viewer: Viewer, tmp_path: Path
):
    feedback, target, again = Feedback(database), tmp_path / "ratings.parquet", tmp_path / "again.parquet"
    feedback.rate_many(viewer.id, [StoredRating(film, 3.0, film * 1000) for film in range(1, 200)])
    snapshot(database, target)
    untouched = target.stat().st_mtime_ns, target.stat().st_ino
    assert snapshot(database, target) == (199, False)
    assert (target.stat().st_mtime_ns, target.stat().st_ino) == untouched
    snapshot(database, again)
    assert again.read_bytes() == target.read_bytes()
    feedback.rate(viewer.id, 1, 5.0)
    assert snapshot(database, target) == (199, True)
    assert target.read_bytes() != again.read_bytes()


def test_what_a_deleted_viewer_rated_is_gone_from_the_next_snapshot(
    database: Database, viewer: Viewer, tmp_path: Path
):
    target = tmp_path / "ratings.parquet"
    Feedback(database).rate(viewer.id, 1, 5.0)
    snapshot(database, target)
    Accounts(database).delete(viewer, "")
    assert snapshot(database, target) == (0, True)
    assert pq.read_table(target).num_rows == 0


def test_nothing_else_is_left_in_the_folder_that_dvc_watches(
    database: Database, viewer: Viewer, tmp_path: Path
):
    folder = tmp_path / "feedback"
    Feedback(database).rate(viewer.id, 1, 5.0)
    for _ in range(2):
        snapshot(database, folder / "ratings.parquet")
    assert [file.name for file in folder.iterdir()] == ["ratings.parquet"]
