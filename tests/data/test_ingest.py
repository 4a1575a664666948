"""The stage as a whole, on a small folder: what is taken, what is set aside, and that nothing is half-written."""

import hashlib
import logging
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_set import MOVIES, NOW, RATINGS, DataSet

from movie_genie.data import schemas
from movie_genie.errors import UserError

VIEWER = schemas.FIRST_VIEWER_ID


def test_a_good_folder_is_taken_whole_in_its_own_order(data_set: DataSet) -> None:
    profile = data_set.run()
    assert data_set.pairs() == [(1, 1, 4.0), (1, 2, 3.5), (1, 3, 5.0), (2, 1, 0.5), (2, 4, 1.0)]
    orders = [row["file_order"] for row in data_set.table("ratings")]
    assert orders == sorted(set(orders))
    assert [row["movie_id"] for row in data_set.table("movies")] == [1, 2, 3, 4]
    assert data_set.rejected() == []
    assert (profile["ratings"], profile["users"], profile["films"], profile["rejected"]) == (5, 2, 4, 0)


def test_every_table_keeps_its_schema(data_set: DataSet) -> None:
    data_set.run()
    for name in ("ratings", "rejected", "movies", "metadata"):
        schema = getattr(schemas, name.upper())
        assert pq.read_schema(data_set.root / f"data/raw/{name}.parquet").equals(schema), name


def test_bad_rows_are_counted_by_kind_and_kept_with_their_line(data_set: DataSet) -> None:
    bad = {
        "x,1,4,100": "unparsable",
        "1,1.5,4,100": "unparsable",
        "3,1,good,100": "unparsable",
        "3,1,nan,100": "unparsable",
        "3,1,4,": "unparsable",
        "3,1": "unparsable",
        "-3,1,4,100": "unparsable",
        f"{VIEWER},1,4,100": "unparsable",
        "\x00\x01\x02": "unparsable",
        "3,1,5.5,100": "rating_out_of_range",
        "3,1,0,100": "rating_out_of_range",
        "3,1,-1,100": "rating_out_of_range",
        "3,99,4,100": "unknown_film",
        f"3,1,4,{NOW + 1}": "time_in_future",
        "2,1,3.0,100": "duplicate",
    }
    data_set.write("ratings.csv", RATINGS + "\n".join(bad) + "\n")
    profile = data_set.run(max_rejected_share=0.9)
    lines = {row["row"]: (row["text"], row["reason"]) for row in data_set.table("rejected")}
    first = RATINGS.count("\n") + 1
    assert lines == {first + place: entry for place, entry in enumerate(bad.items())}
    assert len(data_set.pairs()) == 5
    assert profile["rejected"] == len(bad)
    assert profile["rejected_unparsable"] == 9
    assert profile["rejected_rating_out_of_range"] == 3
    assert (
        profile["rejected_unknown_film"]
        == profile["rejected_time_in_future"]
        == profile["rejected_duplicate"]
        == 1
    )


def test_of_a_pair_the_latest_rating_counts_and_of_equals_the_last_line(data_set: DataSet) -> None:
    data_set.write(
        "ratings.csv", "userId,movieId,rating,timestamp\n1,1,1,50\n1,1,2,90\n1,1,3,90\n1,1,4,60\n1,2,5,10\n"
    )
    data_set.run(max_rejected_share=0.9)
    assert data_set.pairs() == [(1, 1, 3.0), (1, 2, 5.0)]
    assert data_set.rejected() == [("ratings.csv", row, "duplicate") for row in (2, 3, 5)]


def test_a_rating_that_is_rejected_displaces_no_good_one(data_set: DataSet) -> None:
    data_set.write("ratings.csv", f"userId,movieId,rating,timestamp\n1,1,4,50\n1,1,9,60\n1,1,5,{NOW + 5}\n")
    data_set.run(max_rejected_share=0.9)
    assert data_set.pairs() == [(1, 1, 4.0)]


def test_too_many_bad_rows_stop_the_stage_and_stay_readable(data_set: DataSet) -> None:
    data_set.run()
    before = (data_set.root / "data/raw/ratings.parquet").read_bytes()
    data_set.write("ratings.csv", RATINGS + "1,77,4,100\n")
    with pytest.raises(
        UserError, match=r"16\.7% .*1 unknown_film.*allows 10\.0%.*ratings\.csv row 7.*1,77,4,100"
    ):
        data_set.run(max_rejected_share=0.1)
    assert data_set.rejected() == [("ratings.csv", 7, "unknown_film")]
    assert (data_set.root / "data/raw/ratings.parquet").read_bytes() == before


def test_a_source_of_bad_rows_alone_is_refused_however_much_is_allowed(data_set: DataSet) -> None:
    data_set.write("ratings.csv", "userId,movieId,rating,timestamp\n1,77,4,100\n1,1,9,100\n1,78," + "4" * 80)
    line = (
        "set: 100.0% of its rows are bad (1 unparsable, 1 rating_out_of_range, 1 unknown_film), "
        "max_rejected_share allows 100.0%; the first: ratings.csv row 2, unknown_film: '1,77,4,100'; "
        "all of them: data/raw/rejected.parquet"
    )
    with pytest.raises(UserError, match=f"^{re.escape(line)}$"):
        data_set.run(max_rejected_share=1)
    assert [path.name for path in (data_set.root / "data/raw").iterdir()] == ["rejected.parquet"]


def test_a_share_of_bad_rows_that_is_just_allowed_is_let_pass(data_set: DataSet) -> None:
    data_set.write("ratings.csv", RATINGS + "1,77,4,100\n")
    assert data_set.run(max_rejected_share=1 / 6)["rejected"] == 1


def test_the_profile_counts_what_was_written(data_set: DataSet, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    data_set.write("ratings.csv", RATINGS + "1,77,4,100\n2,1,3.5,86400\n")
    data_set.write("movies.csv", MOVIES + "x,Heat (1995),Crime\n")
    feedback(data_set, [(VIEWER, 1, 5, 3 * 86_400), (VIEWER, 3, 3, 86_400)])
    (data_set.root / "tmdb.jsonl").write_text('{"movieId": 1}\n{"movieId": 2}\n{"movieId": 99}\n')
    config = data_set.config(Path("tmdb.jsonl"), max_rejected_share=0.5)
    profile = data_set.run(config)
    assert re.fullmatch("[0-9a-f]{64}", str(profile.pop("source_checksum")))
    assert profile == {
        "source": "set",
        "ratings": 7,
        "users": 3,
        "films": 4,
        "films_rated": 4,
        "density": 0.583333,
        "mean_rating": 3.5714,
        "first_rating": "1970-01-01",
        "last_rating": "1970-01-04",
        "viewers": 1,
        "viewers_ratings": 2,
        "rejected": 3,
        "rejected_share": 0.375,
        "rejected_unparsable": 1,
        "rejected_rating_out_of_range": 0,
        "rejected_unknown_film": 1,
        "rejected_time_in_future": 0,
        "rejected_duplicate": 1,
        "viewers_ratings_of_unknown_films": 0,
        "viewers_ratings_rejected": 0,
        "times_filled": 0,
        "films_with_metadata": 2,
    }
    assert data_set.rejected() == [
        ("movies.csv", 6, "unparsable"),
        ("ratings.csv", 5, "duplicate"),
        ("ratings.csv", 7, "unknown_film"),
    ]
    assert caplog.messages[-1] == "set: 7 ratings of 3 users and 4 films, 3 rows rejected"


def test_another_source_has_another_checksum(data_set: DataSet) -> None:
    before = data_set.run()["source_checksum"]
    data_set.write("ratings.csv", RATINGS + "2,3,4,2001\n")
    assert data_set.run()["source_checksum"] != before


def test_the_same_data_give_the_same_bytes_on_any_day(data_set: DataSet) -> None:
    rows = "".join(f"{n % 97},{n % 4 + 1},{n % 5 + 0.5},{n % 1000}\n" for n in range(20_000))
    data_set.write("ratings.csv", "userId,movieId,rating,timestamp\n" + rows)
    digests = set()
    for now in (NOW, NOW + 1_000_000):
        data_set.run(now=now, max_rejected_share=1)
        files = sorted((data_set.root / "data/raw").iterdir())
        digests.add(tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))
    assert len(digests) == 1


def feedback(data_set: DataSet, rows: list[tuple[int, int, float, int]]) -> None:
    columns = list(zip(*rows, strict=True)) or [[], [], [], []]
    folder = data_set.root / "data/feedback"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        pa.table([list(column) for column in columns], schema=schemas.FEEDBACK), folder / "ratings.parquet"
    )


def test_the_viewers_ratings_are_appended_after_all_others(data_set: DataSet) -> None:
    feedback(data_set, [(VIEWER, 1, 5, 1500), (VIEWER + 1, 2, 0.5, 1400)])
    profile = data_set.run()
    assert data_set.pairs()[5:] == [(VIEWER, 1, 5.0), (VIEWER + 1, 2, 0.5)]
    orders = [row["file_order"] for row in data_set.table("ratings")]
    assert orders == sorted(set(orders))
    assert (profile["viewers"], profile["viewers_ratings"], profile["users"]) == (2, 2, 4)


def test_the_viewers_ratings_are_judged_like_all_others(data_set: DataSet) -> None:
    feedback(data_set, [(VIEWER, 1, 5, 1500), (VIEWER, 1, 4, 1600), (VIEWER, 99, 4, 1), (7, 1, 4, 1)])
    profile = data_set.run()
    assert data_set.pairs()[5:] == [(VIEWER, 1, 4.0)]
    assert data_set.rejected() == [
        ("feedback/ratings.parquet", 1, "duplicate"),
        ("feedback/ratings.parquet", 4, "unparsable"),  # a number that belongs to the data set
    ]
    counted = {
        name: count for name, count in profile.items() if name.startswith(("rejected", "viewers_")) and count
    }
    assert counted == {
        "viewers_ratings": 1,
        "viewers_ratings_of_unknown_films": 1,
        "viewers_ratings_rejected": 2,
    }


def test_viewers_ratings_of_films_that_a_new_source_lacks_wait_for_the_film(data_set: DataSet) -> None:
    feedback(data_set, [(VIEWER, film, 4, film) for film in (2, *range(100, 1300))])
    profile = data_set.run()
    assert (profile["viewers_ratings"], profile["viewers_ratings_of_unknown_films"]) == (1, 1_200)
    assert (profile["rejected"], profile["rejected_share"], data_set.rejected()) == (0, 0, [])
    data_set.write("movies.csv", MOVIES + "100,Heat (1995),Crime\n")
    profile = data_set.run()
    assert (profile["viewers_ratings"], profile["viewers_ratings_of_unknown_films"]) == (2, 1_199)


def test_viewers_ratings_hide_no_bad_rows_of_the_source(data_set: DataSet) -> None:
    data_set.write("ratings.csv", RATINGS + "1,77,4,100\n")
    feedback(data_set, [(VIEWER + who, film, 4, 100) for who in range(50) for film in (1, 2, 3, 4)])
    with pytest.raises(UserError, match=r"16\.7% .*1 unknown_film.*allows 1\.0%"):
        data_set.run(max_rejected_share=0.01)


def test_a_source_without_ratings_is_refused_whatever_viewers_rated(data_set: DataSet) -> None:
    data_set.write("ratings.csv", "userId,movieId,rating,timestamp\n")
    feedback(data_set, [(VIEWER, 1, 4, 100)])
    with pytest.raises(UserError, match=r"^set: there are no ratings in it$"):
        data_set.run()


def test_an_empty_snapshot_changes_nothing(data_set: DataSet) -> None:
    data_set.run()
    before = (data_set.root / "data/raw/ratings.parquet").read_bytes()
    feedback(data_set, [])
    data_set.run()
    assert (data_set.root / "data/raw/ratings.parquet").read_bytes() == before


def test_a_full_disk_leaves_the_old_tables_whole(data_set: DataSet) -> None:
    """A limit on a file's size stands in for the disk: the write fails at the same place, in the same way."""
    data_set.run()
    before = {path.name: path.read_bytes() for path in (data_set.root / "data/raw").iterdir()}
    rows = "".join(f"{n // 4},{n % 4 + 1},{n % 5 + 0.5},{n * 7919 % 100_003}\n" for n in range(20_000))
    data_set.write("ratings.csv", "userId,movieId,rating,timestamp\n" + rows)
    configuration = data_set.root / "data.yaml"
    configuration.write_text(data_set.config(max_rejected_share=1).model_dump_json())
    script = Path(__file__).resolve().parents[2] / "scripts" / "ingest.py"
    done = subprocess.run(
        [sys.executable, str(script), "--config", str(configuration)],
        cwd=data_set.root,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)),
    )
    assert done.returncode == 1
    assert re.fullmatch(
        r"error: data/raw/ratings\.parquet: could not be written: .*File too large\n", done.stderr
    )
    after = {path.name: path.read_bytes() for path in (data_set.root / "data/raw").iterdir()}
    assert after.keys() == before.keys()
    assert after["ratings.parquet"] == before["ratings.parquet"]


@pytest.mark.slow
@pytest.mark.parametrize("whole", [0, 1, 2, 3, 4])
def test_a_killed_stage_leaves_whole_files_only_and_runs_again(data_set: DataSet, whole: int) -> None:
    """Killed as soon as one more file than `whole` lies in the folder, most often in the middle of writing it."""
    raw = data_set.root / "data/raw"
    data_set.run()
    right = {path.name: path.read_bytes() for path in raw.iterdir()}
    shutil.rmtree(raw)
    configuration = data_set.root / "data.yaml"
    configuration.write_text(data_set.config().model_dump_json())
    script = Path(__file__).resolve().parents[2] / "scripts" / "ingest.py"
    command = [sys.executable, str(script), "--config", str(configuration)]
    process = subprocess.Popen(command, cwd=data_set.root, stdout=subprocess.DEVNULL)
    while process.poll() is None and (not raw.exists() or len(list(raw.iterdir())) <= whole):
        time.sleep(0.0005)
    process.kill()
    assert process.wait() in {-9, 0}
    left = {path.name: path.read_bytes() for path in raw.iterdir() if not path.name.endswith(".tmp")}
    assert left.items() <= right.items()
    subprocess.run(command, cwd=data_set.root, check=True)
    assert {name: (raw / name).read_bytes() for name in right} == right
