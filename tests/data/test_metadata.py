import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_set import NOW, DataSet

from movie_genie.data.ingest import ingest
from movie_genie.data.metadata import read_metadata
from movie_genie.data.schemas import METADATA, read_arrow
from movie_genie.errors import UserError

TOY_STORY = {
    "movieId": 1,
    "imdbId": "tt0114709",
    "tmdbId": 862,
    "title": "Toy Story (1995)",
    "overview": " Led by Woody, Andy's toys live happily. ",
    "poster_path": "/uXDf.jpg",
    "backdrop_path": None,
    "runtime": 81,
    "keywords": ["toy", "friendship"],
    "cast": [
        {"id": 12898, "name": "Tim Allen", "character": "Buzz", "order": 1},
        {"id": 31, "name": "Tom Hanks", "character": "Woody", "order": 0},
    ],
    "directors": ["John Lasseter"],
}
UNKNOWN = {"movieId": 3, "tmdbId": None, "overview": "", "runtime": 0, "cast": [], "keywords": []}


def write(path: Path, *records: object) -> Path:
    text = "\n".join(json.dumps(record) for record in records) + "\n\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["tmdb.jsonl", "tmdb.jsonl.gz"])
def test_a_record_becomes_a_row_with_the_cast_in_billing_order(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, UNKNOWN, TOY_STORY)
    empty = {"overview": None, "keywords": [], "cast": [], "directors": [], "runtime": None}
    assert read_metadata(path, {1, 3}).to_pylist() == [
        {
            "movie_id": 1,
            "tmdb_id": 862,
            "overview": "Led by Woody, Andy's toys live happily.",
            "keywords": ["toy", "friendship"],
            "cast": ["Tom Hanks", "Tim Allen"],
            "directors": ["John Lasseter"],
            "runtime": 81,
            "poster_path": "/uXDf.jpg",
            "backdrop_path": None,
        },
        {"movie_id": 3, "tmdb_id": None, **empty, "poster_path": None, "backdrop_path": None},
    ]


def test_films_that_the_source_does_not_have_are_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "tmdb.jsonl", TOY_STORY, UNKNOWN)
    assert read_metadata(path, {3})["movie_id"].to_pylist() == [3]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"movieId": 2, "title"', "line 2: not valid JSON: "),
        ("[1, 2]", "line 2: record: "),
        ('{"tmdbId": 862}', "line 2: movieId: Field required"),
        ('{"movieId": "two"}', "line 2: movieId: a valid integer"),
        ('{"movieId": 2, "keywords": "toy"}', "line 2: keywords: a valid list"),
        ('{"movieId": 2, "cast": [{"order": 1}]}', "line 2: cast.0.name: Field required"),
        ('{"movieId": 1}', "line 2: movieId 1 stands in the file twice"),
        ('{"movieId": 18446744073709551616}', "line 2: movieId: "),
        ('{"movieId": 2, "runtime": 99999999999}', "line 2: runtime: "),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "tmdb.jsonl"
    path.write_text(json.dumps(TOY_STORY) + "\n" + line + "\n")
    with pytest.raises(UserError, match=re.escape(f"{path}: {message}")) as caught:
        read_metadata(path, {1, 2, 18446744073709551616})
    assert "\n" not in str(caught.value)


@given(st.binary(min_size=1))
def test_any_other_bytes_are_one_clear_error_or_no_record(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("metadata") / "tmdb.jsonl"
    path.write_bytes(content)
    try:
        table = read_metadata(path, {1})
    except UserError as error:
        assert str(error).startswith(f"{path}: line ")
    else:
        assert len(table) == 0


def test_the_stage_imports_the_pinned_file(data_set: DataSet) -> None:
    write(data_set.root / "tmdb.jsonl.gz", TOY_STORY)
    ingest(data_set.config(metadata=Path("tmdb.jsonl.gz")), data_set.root, NOW)
    table = read_arrow(data_set.root / "data/raw/metadata.parquet", METADATA)
    assert table["cast"].to_pylist() == [["Tom Hanks", "Tim Allen"]]


def test_a_metadata_file_that_changed_under_its_pin_stops_the_stage(data_set: DataSet) -> None:
    write(data_set.root / "tmdb.jsonl", TOY_STORY)
    config = data_set.config(metadata=Path("tmdb.jsonl"))
    write(data_set.root / "tmdb.jsonl", UNKNOWN)
    with pytest.raises(UserError, match=r"tmdb\.jsonl: is not the file that configs/data\.yaml pins"):
        ingest(config, data_set.root, NOW)
    assert not (data_set.root / "data/raw/ratings.parquet").exists()
