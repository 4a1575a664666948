"""The feedback snapshot: what accounts rated, as the pipeline reads it, and no new bytes without new ratings."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from movie_genie.backend import clock
from movie_genie.backend.accounts import Accounts, Viewer
from movie_genie.backend.administration import Administration
from movie_genie.backend.database import Database
from movie_genie.backend.feedback import Feedback, StoredRating
from movie_genie.backend.snapshot import DAY, SCHEMA, Snapshot, snapshot
from movie_genie.data.schemas import FIRST_VIEWER_ID

PASSWORD = "correct horse battery"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'films.db'}")
    database.prepare()
    yield database
    database.close()


@pytest.fixture
def viewer(database: Database) -> Viewer:
    return account(database, "ursula")


def account(database: Database, name: str, guest: Viewer | None = None) -> Viewer:
    return recognised(database, Accounts(database).register(name, PASSWORD, guest))


def recognised(database: Database, token: str) -> Viewer:
    viewer = Accounts(database).recognise(token)
    assert viewer is not None
    return viewer


def taken(database: Database, target: Path, days: float = 1, days_later: float = 2) -> Snapshot:
    """The snapshot, by default when whoever is here now has an account for two days."""
    return snapshot(database, target, days, clock.now() + int(days_later * DAY))


def test_nothing_is_written_while_nobody_rated_anything(database: Database, tmp_path: Path):
    target = tmp_path / "feedback/ratings.parquet"
    assert taken(database, target) == (0, 0, 0, False)
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
    assert taken(database, target) == (2, 0, 0, True)
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
    taken(database, target)
    untouched = target.stat().st_mtime_ns, target.stat().st_ino
    assert taken(database, target) == (199, 0, 0, False)
    assert (target.stat().st_mtime_ns, target.stat().st_ino) == untouched
    taken(database, again)
    assert again.read_bytes() == target.read_bytes()
    feedback.rate(viewer.id, 1, 5.0)
    assert taken(database, target) == (199, 0, 0, True)
    assert target.read_bytes() != again.read_bytes()


def test_what_a_deleted_viewer_rated_is_gone_from_the_next_snapshot(
    database: Database, viewer: Viewer, tmp_path: Path
):
    target = tmp_path / "ratings.parquet"
    Feedback(database).rate(viewer.id, 1, 5.0)
    taken(database, target)
    Accounts(database).delete(viewer, PASSWORD)
    assert taken(database, target) == (0, 0, 0, True)
    assert pq.read_table(target).num_rows == 0


def test_nothing_else_is_left_in_the_folder_that_dvc_watches(
    database: Database, viewer: Viewer, tmp_path: Path
):
    folder = tmp_path / "feedback"
    Feedback(database).rate(viewer.id, 1, 5.0)
    for _ in range(2):
        taken(database, folder / "ratings.parquet")
    assert [file.name for file in folder.iterdir()] == ["ratings.parquet"]


def test_what_guests_rated_is_not_taken_until_they_have_an_account(
    database: Database, viewer: Viewer, tmp_path: Path
):
    feedback, target = Feedback(database), tmp_path / "ratings.parquet"
    guests = [recognised(database, Accounts(database).open_guest()) for _ in range(2)]
    for guest in guests:
        feedback.rate(guest.id, 1, 5.0)
    assert taken(database, target) == (0, 2, 0, False)
    feedback.rate(viewer.id, 7, 2.0)
    assert taken(database, target) == (1, 2, 0, True)
    account(database, "gustav", guests[0])
    assert taken(database, target) == (2, 1, 0, True)
    token = Accounts(database).sign_in("ursula", PASSWORD, guests[1])
    assert recognised(database, token).id == viewer.id
    assert taken(database, target) == (3, 0, 0, True)
    rows = pq.read_table(target).to_pydict()
    assert list(zip(rows["user_id"], rows["movie_id"], strict=True)) == [
        (FIRST_VIEWER_ID + viewer.id, 1),
        (FIRST_VIEWER_ID + viewer.id, 7),
        (FIRST_VIEWER_ID + guests[0].id, 1),
    ]


def test_what_a_new_account_rated_is_taken_once_it_is_old_enough(
    database: Database, viewer: Viewer, tmp_path: Path
):
    target = tmp_path / "ratings.parquet"
    Feedback(database).rate(viewer.id, 1, 5.0)
    assert taken(database, target, days=1, days_later=0.9) == (0, 0, 1, False)
    assert taken(database, target, days=1, days_later=1) == (1, 0, 0, True)


def test_what_a_locked_account_rated_is_not_taken(database: Database, viewer: Viewer, tmp_path: Path):
    Feedback(database).rate_many(viewer.id, [StoredRating(7, 4.5, 2_000_000)])
    administration = Administration(database)
    administration.lock("ursula")
    assert taken(database, tmp_path / "ratings.parquet").ratings == 0
    administration.unlock("ursula")
    assert taken(database, tmp_path / "ratings.parquet").ratings == 1


def test_with_no_days_asked_for_an_account_counts_at_once(database: Database, viewer: Viewer, tmp_path: Path):
    Feedback(database).rate(viewer.id, 1, 5.0)
    assert taken(database, tmp_path / "ratings.parquet", days=0, days_later=0) == (1, 0, 0, True)
