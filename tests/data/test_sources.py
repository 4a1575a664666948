"""Every kind of source that `ingest` reads, whole and broken."""

import hashlib
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from small_set import DataSet

from movie_genie.config import DataConfig, GroupLensSource, PackagedSource
from movie_genie.errors import UserError


def test_columns_are_found_by_name_and_quotes_do_no_harm(data_set: DataSet) -> None:
    data_set.write(
        "ratings.csv",
        '\ufeff"rating","Title","TIMESTAMP","movieId","userId"\r\n'
        '4.5,"Heat, ""the"" film",100,"1","7"\r\n\r\n5,plain,101,2,7\r\n',
    )
    data_set.run()
    assert data_set.pairs() == [(7, 1, 4.5), (7, 2, 5.0)]


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
        data_set.run()
    assert "\n" not in str(caught.value)
    assert not (data_set.root / "data/raw/ratings.parquet").exists()


def test_a_file_that_changed_under_its_pin_stops_the_stage(data_set: DataSet) -> None:
    config = data_set.config()
    data_set.run(config)
    data_set.write("movies.csv", "movieId,title,genres\n1,Other,X\n")
    with pytest.raises(UserError, match=r"movies\.csv: is not the file that configs/data\.yaml pins"):
        data_set.run(config)


def test_a_file_that_is_gone_is_named(data_set: DataSet) -> None:
    config = data_set.config()
    (data_set.folder / "links.csv").unlink()
    with pytest.raises(UserError, match=r"links\.csv: cannot be read: No such file"):
        data_set.run(config)


def test_a_dat_folder_in_the_layout_of_ml_1m_is_read(tmp_path: Path) -> None:
    data_set = DataSet(tmp_path)
    data_set.empty()
    data_set.write("movies.dat", b"1::Mis\xe9rables, Les (1995)::Drama\n2::Heat (1995)::Crime\n")
    data_set.write("ratings.dat", "1::1::5::978300760\n1::2::3::978300700\n")
    data_set.write("users.dat", "1::F::1::10::48067\n")
    data_set.run()
    assert data_set.pairs() == [(1, 1, 5.0), (1, 2, 3.0)]
    assert data_set.table("movies")[0]["title"] == "Misérables, Les"


@pytest.mark.parametrize("times", ["seconds", "datetime"])
def test_one_parquet_of_user_item_rating_timestamp_needs_nothing_beside_it(
    tmp_path: Path, times: str
) -> None:
    data_set = DataSet(tmp_path)
    data_set.empty()
    seconds = [200, 100, 300]
    frame = pd.DataFrame(
        {"user": [5, 5, 6], "item": [30, 10, 30], "rating": [1, 2.5, 5], "timestamp": seconds}
    )
    if times == "datetime":
        frame["timestamp"] = pd.to_datetime(frame["timestamp"], unit="s")
    frame.to_parquet(data_set.folder / "mine.parquet")
    data_set.run()
    assert data_set.pairs() == [(5, 30, 1.0), (5, 10, 2.5), (6, 30, 5.0)]
    assert [row["timestamp"] for row in data_set.table("ratings")] == seconds
    assert [(row["movie_id"], row["title"]) for row in data_set.table("movies")] == [
        (10, "Film 10"),
        (30, "Film 30"),
    ]


def test_ids_that_are_no_numbers_are_refused_with_an_example(tmp_path: Path) -> None:
    data_set = DataSet(tmp_path)
    data_set.empty()
    frame = pd.DataFrame({"user": ["ann"], "item": ["tt1"], "rating": [4.0], "timestamp": [1]})
    frame.to_parquet(data_set.folder / "mine.parquet")
    with pytest.raises(UserError, match=r"100\.0% .*mine\.parquet row 1, unparsable: 'ann,tt1,4\.0,1'"):
        data_set.run()


def test_a_broken_parquet_is_a_clear_error(data_set: DataSet) -> None:
    (data_set.folder / "ratings.csv").unlink()
    data_set.write("ratings.parquet", b"PAR1 not really")
    with pytest.raises(UserError, match=r"ratings\.parquet: not a readable parquet file"):
        data_set.run()


def test_an_order_column_fills_missing_times_and_decides_the_order(data_set: DataSet) -> None:
    data_set.write(
        "ratings.csv",
        "user,movie,rating,time_rank,timestamp\n"
        "1,1,4,2,\n1,2,4,0,\n1,3,4,1,500\n1,4,4,3,700\n"  # before the first known time, after it, known
        "2,1,4,1,\n2,2,4,0,\n"  # nothing known: the data set's first time
        "3,1,4,0,900\n3,2,4,1,800\n",  # against the order
    )
    profile = data_set.run()
    rows = data_set.table("ratings")
    rows.sort(key=lambda row: (row["user_id"], row["timestamp"], row["file_order"]))
    assert [(row["user_id"], row["movie_id"], row["timestamp"]) for row in rows] == [
        (1, 2, 500), (1, 3, 500), (1, 1, 500), (1, 4, 700),
        (2, 2, 500), (2, 1, 500),
        (3, 1, 900), (3, 2, 900),
    ]  # fmt: skip
    assert profile["times_filled"] == 4


def test_a_missing_time_is_the_latest_known_before_it_else_the_users_own_first(data_set: DataSet) -> None:
    data_set.write(
        "ratings.csv",
        "user,movie,rating,time_rank,timestamp\n"
        "1,1,4,2,700\n1,2,4,1,\n1,3,4,0,500\n"  # the file's order is not the user's
        "2,1,4,1,900\n2,2,4,0,\n"  # before the user's first known time, which is not the data set's
        "3,1,4,0\n",  # the line ends early; nothing known
    )
    assert data_set.run()["times_filled"] == 3
    times = {(row["user_id"], row["movie_id"]): row["timestamp"] for row in data_set.table("ratings")}
    assert times == {(1, 3): 500, (1, 2): 500, (1, 1): 700, (2, 2): 900, (2, 1): 900, (3, 1): 500}


def test_a_rejected_rows_time_fills_no_gap(data_set: DataSet) -> None:
    data_set.write(
        "ratings.csv",
        "user,movie,rating,time_rank,timestamp\n1,1,4,0,300\n1,2,good,1,400\n1,3,4,2,\n1,4,4,3,500\n",
    )
    data_set.run(max_rejected_share=0.5)
    assert [(row["movie_id"], row["timestamp"]) for row in data_set.table("ratings")] == [
        (1, 300),
        (3, 300),
        (4, 500),
    ]


def test_a_garbled_time_or_place_is_rejected_even_with_an_order_column(data_set: DataSet) -> None:
    data_set.write("ratings.csv", "user,movie,rating,order,time\n1,1,4,0,100\n1,2,4,1,noon\n1,3,4,,200\n")
    data_set.run(max_rejected_share=1)
    assert data_set.rejected() == [("ratings.csv", 3, "unparsable"), ("ratings.csv", 4, "unparsable")]


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
        profile = data_set.run(config)
    assert data_set.pairs() == [(1, 1, 5.0)]
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
        data_set.run(config)
