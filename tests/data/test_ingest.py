"""The stage as a whole, on a small folder: what is taken, what is set aside, what stops it."""

import hashlib
import io
import json
import re
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_set import NOW, RATINGS, DataSet

from movie_genie.config import DataConfig, GroupLensSource, PackagedSource
from movie_genie.data import schemas
from movie_genie.data.ingest import ingest
from movie_genie.errors import UserError

VIEWER = schemas.FIRST_VIEWER_ID


def run(
    data_set: DataSet, config: DataConfig | None = None, now: int = NOW, **choices: object
) -> dict[str, object]:
    """Run the stage; the profile."""
    ingest(config or data_set.config(**choices), data_set.root, now)
    return json.loads((data_set.root / "data/raw/profile.json").read_text())


def table(data_set: DataSet, name: str) -> list[dict[str, object]]:
    return pq.read_table(data_set.root / f"data/raw/{name}.parquet").to_pylist()


def rejected(data_set: DataSet) -> list[tuple[object, ...]]:
    return [(row["source"], row["row"], row["reason"]) for row in table(data_set, "rejected")]


def pairs(data_set: DataSet) -> list[tuple[object, ...]]:
    return [(row["user_id"], row["movie_id"], row["rating"]) for row in table(data_set, "ratings")]


def test_a_good_folder_is_taken_whole_in_its_own_order(data_set: DataSet) -> None:
    profile = run(data_set)
    assert pairs(data_set) == [(1, 1, 4.0), (1, 2, 3.5), (1, 3, 5.0), (2, 1, 0.5), (2, 4, 1.0)]
    orders = [row["file_order"] for row in table(data_set, "ratings")]
    assert orders == sorted(set(orders))
    assert [row["movie_id"] for row in table(data_set, "movies")] == [1, 2, 3, 4]
    assert rejected(data_set) == []
    assert (profile["ratings"], profile["users"], profile["films"], profile["rejected"]) == (5, 2, 4, 0)


def test_every_table_keeps_its_schema(data_set: DataSet) -> None:
    run(data_set)
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
    profile = run(data_set, max_rejected_share=0.9)
    lines = {row["row"]: (row["text"], row["reason"]) for row in table(data_set, "rejected")}
    first = RATINGS.count("\n") + 1
    assert lines == {first + place: entry for place, entry in enumerate(bad.items())}
    assert len(pairs(data_set)) == 5
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
    run(data_set, max_rejected_share=0.9)
    assert pairs(data_set) == [(1, 1, 3.0), (1, 2, 5.0)]
    assert rejected(data_set) == [("ratings.csv", row, "duplicate") for row in (2, 3, 5)]


def test_a_rating_that_is_rejected_displaces_no_good_one(data_set: DataSet) -> None:
    data_set.write("ratings.csv", f"userId,movieId,rating,timestamp\n1,1,4,50\n1,1,9,60\n1,1,5,{NOW + 5}\n")
    run(data_set, max_rejected_share=0.9)
    assert pairs(data_set) == [(1, 1, 4.0)]


def test_columns_are_found_by_name_and_quotes_do_no_harm(data_set: DataSet) -> None:
    data_set.write(
        "ratings.csv",
        '\ufeff"rating","Title","TIMESTAMP","movieId","userId"\r\n'
        '4.5,"Heat, ""the"" film",100,"1","7"\r\n\r\n5,plain,101,2,7\r\n',
    )
    run(data_set)
    assert pairs(data_set) == [(7, 1, 4.5), (7, 2, 5.0)]


def test_too_many_bad_rows_stop_the_stage_and_stay_readable(data_set: DataSet) -> None:
    run(data_set)
    before = (data_set.root / "data/raw/ratings.parquet").read_bytes()
    data_set.write("ratings.csv", RATINGS + "1,77,4,100\n")
    with pytest.raises(
        UserError, match=r"16\.7% .*1 unknown_film.*allows 10\.0%.*ratings\.csv row 7.*1,77,4,100"
    ):
        run(data_set, max_rejected_share=0.1)
    assert rejected(data_set) == [("ratings.csv", 7, "unknown_film")]
    assert (data_set.root / "data/raw/ratings.parquet").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"ratings\.csv: the file is empty"),
        ("userId,movieId,rating,timestamp\n", r"set: there are no ratings in it"),
        (
            "userId,movieId,rating\n1,1,4\n",
            r"ratings\.csv: column timestamp is missing .*found userId, movieId, rating",
        ),
        ("a;b;c\n1;2;3\n", r"ratings\.csv: column userId is missing"),
        ("userId,movieId,rating,timestamp\nann,tt1,4,100\n", r"100\.0% .*1 unparsable.*ann,tt1,4,100"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50, r"ratings\.csv: column userId is missing"),
    ],
)
def test_a_file_that_is_no_table_of_ratings_is_one_clear_message(
    data_set: DataSet, content: str | bytes, message: str
) -> None:
    data_set.write("ratings.csv", content)
    with pytest.raises(UserError, match=message) as caught:
        run(data_set)
    assert "\n" not in str(caught.value)
    assert not (data_set.root / "data/raw/ratings.parquet").exists()


def test_a_file_that_changed_under_its_pin_stops_the_stage(data_set: DataSet) -> None:
    config = data_set.config()
    run(data_set, config)
    data_set.write("movies.csv", "movieId,title,genres\n1,Other,X\n")
    with pytest.raises(UserError, match=r"movies\.csv: is not the file that configs/data\.yaml pins"):
        run(data_set, config)


def test_a_file_that_is_gone_is_named(data_set: DataSet) -> None:
    config = data_set.config()
    (data_set.folder / "links.csv").unlink()
    with pytest.raises(UserError, match=r"links\.csv: cannot be read: No such file"):
        run(data_set, config)


def test_the_same_data_give_the_same_bytes_on_any_day(data_set: DataSet) -> None:
    rows = "".join(f"{n % 97},{n % 4 + 1},{n % 5 + 0.5},{n % 1000}\n" for n in range(20_000))
    data_set.write("ratings.csv", "userId,movieId,rating,timestamp\n" + rows)
    digests = set()
    for now in (NOW, NOW + 1_000_000):
        run(data_set, now=now, max_rejected_share=1)
        files = sorted((data_set.root / "data/raw").iterdir())
        digests.add(tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))
    assert len(digests) == 1


def test_a_dat_folder_in_the_layout_of_ml_1m_is_read(tmp_path: Path) -> None:
    data_set = DataSet(tmp_path)
    for path in data_set.folder.iterdir():
        path.unlink()
    data_set.write("movies.dat", b"1::Mis\xe9rables, Les (1995)::Drama\n2::Heat (1995)::Crime\n")
    data_set.write("ratings.dat", "1::1::5::978300760\n1::2::3::978300700\n")
    data_set.write("users.dat", "1::F::1::10::48067\n")
    run(data_set)
    assert pairs(data_set) == [(1, 1, 5.0), (1, 2, 3.0)]
    assert table(data_set, "movies")[0]["title"] == "Misérables, Les"


@pytest.mark.parametrize("times", ["seconds", "datetime"])
def test_one_parquet_of_user_item_rating_timestamp_needs_nothing_beside_it(
    tmp_path: Path, times: str
) -> None:
    data_set = DataSet(tmp_path)
    for path in data_set.folder.iterdir():
        path.unlink()
    seconds = [200, 100, 300]
    frame = pd.DataFrame(
        {"user": [5, 5, 6], "item": [30, 10, 30], "rating": [1, 2.5, 5], "timestamp": seconds}
    )
    if times == "datetime":
        frame["timestamp"] = pd.to_datetime(frame["timestamp"], unit="s")
    frame.to_parquet(data_set.folder / "mine.parquet")
    run(data_set)
    assert pairs(data_set) == [(5, 30, 1.0), (5, 10, 2.5), (6, 30, 5.0)]
    assert [row["timestamp"] for row in table(data_set, "ratings")] == seconds
    assert [(row["movie_id"], row["title"]) for row in table(data_set, "movies")] == [
        (10, "Film 10"),
        (30, "Film 30"),
    ]


def test_ids_that_are_no_numbers_are_refused_with_an_example(tmp_path: Path) -> None:
    data_set = DataSet(tmp_path)
    for path in data_set.folder.iterdir():
        path.unlink()
    frame = pd.DataFrame({"user": ["ann"], "item": ["tt1"], "rating": [4.0], "timestamp": [1]})
    frame.to_parquet(data_set.folder / "mine.parquet")
    with pytest.raises(UserError, match=r"100\.0% .*mine\.parquet row 1, unparsable: 'ann,tt1,4\.0,1'"):
        run(data_set)


def test_a_broken_parquet_is_a_clear_error(data_set: DataSet) -> None:
    (data_set.folder / "ratings.csv").unlink()
    data_set.write("ratings.parquet", b"PAR1 not really")
    with pytest.raises(UserError, match=r"ratings\.parquet: not a readable parquet file"):
        run(data_set)


def test_an_order_column_fills_missing_times_and_decides_the_order(data_set: DataSet) -> None:
    data_set.write(
        "ratings.csv",
        "user,movie,rating,time_rank,timestamp\n"
        "1,1,4,2,\n1,2,4,0,\n1,3,4,1,500\n1,4,4,3,700\n"  # before the first known time, after it, known
        "2,1,4,1,\n2,2,4,0,\n"  # nothing known: the data set's first time
        "3,1,4,0,900\n3,2,4,1,800\n",  # against the order
    )
    profile = run(data_set)
    rows = table(data_set, "ratings")
    rows.sort(key=lambda row: (row["user_id"], row["timestamp"], row["file_order"]))
    assert [(row["user_id"], row["movie_id"], row["timestamp"]) for row in rows] == [
        (1, 2, 500), (1, 3, 500), (1, 1, 500), (1, 4, 700),
        (2, 2, 500), (2, 1, 500),
        (3, 1, 900), (3, 2, 900),
    ]  # fmt: skip
    assert profile["times_filled"] == 4


def test_a_garbled_time_or_place_is_rejected_even_with_an_order_column(data_set: DataSet) -> None:
    data_set.write("ratings.csv", "user,movie,rating,order,time\n1,1,4,0,100\n1,2,4,1,noon\n1,3,4,,200\n")
    run(data_set, max_rejected_share=1)
    assert rejected(data_set) == [("ratings.csv", 3, "unparsable"), ("ratings.csv", 4, "unparsable")]


def feedback(data_set: DataSet, rows: list[tuple[int, int, float, int]]) -> None:
    columns = list(zip(*rows, strict=True)) or [[], [], [], []]
    folder = data_set.root / "data/feedback"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        pa.table([list(column) for column in columns], schema=schemas.FEEDBACK), folder / "ratings.parquet"
    )


def test_the_viewers_ratings_are_appended_after_all_others(data_set: DataSet) -> None:
    feedback(data_set, [(VIEWER, 1, 5, 1500), (VIEWER + 1, 2, 0.5, 1400)])
    profile = run(data_set)
    assert pairs(data_set)[5:] == [(VIEWER, 1, 5.0), (VIEWER + 1, 2, 0.5)]
    orders = [row["file_order"] for row in table(data_set, "ratings")]
    assert orders == sorted(set(orders))
    assert (profile["viewers"], profile["viewers_ratings"], profile["users"]) == (2, 2, 4)


def test_the_viewers_ratings_are_judged_like_all_others(data_set: DataSet) -> None:
    feedback(data_set, [(VIEWER, 1, 5, 1500), (VIEWER, 1, 4, 1600), (VIEWER, 99, 4, 1), (7, 1, 4, 1)])
    run(data_set, max_rejected_share=0.5)
    assert pairs(data_set)[5:] == [(VIEWER, 1, 4.0)]
    assert rejected(data_set) == [
        ("feedback/ratings.parquet", 1, "duplicate"),
        ("feedback/ratings.parquet", 3, "unknown_film"),
        ("feedback/ratings.parquet", 4, "unparsable"),  # a number that belongs to the data set
    ]


def test_an_empty_snapshot_changes_nothing(data_set: DataSet) -> None:
    run(data_set)
    before = (data_set.root / "data/raw/ratings.parquet").read_bytes()
    feedback(data_set, [])
    run(data_set)
    assert (data_set.root / "data/raw/ratings.parquet").read_bytes() == before


def grouplens(url: str, content: bytes) -> DataConfig:
    source = GroupLensSource(
        kind="grouplens", name="ml-1m", md5=hashlib.md5(content).hexdigest(), base_url=url
    )
    return DataConfig(source=source, metadata=None, lowest_rating=0.5, highest_rating=5, max_rejected_share=0)


def test_a_grouplens_set_is_downloaded_once_and_read(serve, data_set: DataSet) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ml-1m/ratings.dat", "1::1::5::978300760\n")
        archive.writestr("ml-1m/movies.dat", "1::Heat (1995)::Crime\n")
    server = serve(packed.getvalue())
    config = grouplens(server.url + "/", packed.getvalue())
    for _ in range(2):
        profile = run(data_set, config)
    assert pairs(data_set) == [(1, 1, 5.0)]
    assert [path for path, _ in server.requests] == ["/ml-1m.zip"]
    assert (profile["source"], profile["source_checksum"]) == ("ml-1m", config.source.md5)
    assert [path.name for path in (data_set.root / "data/cache").iterdir()] == ["ml-1m.zip"]


def test_the_packaged_ratings_are_the_ones_that_the_pin_means(data_set: DataSet) -> None:
    config = DataConfig(
        source=PackagedSource(kind="packaged", sha256="0" * 64),
        metadata=None,
        lowest_rating=0.5,
        highest_rating=5,
        max_rejected_share=0,
    )
    with pytest.raises(UserError, match=r"movielens\.pkl\.compress: is not the file"):
        run(data_set, config)


def test_a_full_disk_leaves_the_old_tables_whole(data_set: DataSet) -> None:
    """A limit on a file's size stands in for the disk: the write fails at the same place, in the same way."""
    run(data_set)
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
    run(data_set)
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
