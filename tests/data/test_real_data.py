"""Real MovieLens sets: the packaged one, and those that lie beside the checkout on some machines."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from movie_genie.config import DataConfig, SequencesConfig
from movie_genie.config_file import load_config
from movie_genie.data.choose import choose
from movie_genie.data.ingest import ingest
from movie_genie.data.schemas import (
    FEEDBACK,
    FIRST_VIEWER_ID,
    INTERACTIONS,
    METADATA,
    MOVIES,
    PROTOCOLS,
    RATINGS,
    USERS,
    VOCABULARY,
    read_table,
    write_table,
)
from movie_genie.data.sequences import process_sequences
from movie_genie.files import read_json

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
NOW = 1_700_000_000


def shared(name: str) -> Path:
    if not (SHARED / name).exists():
        pytest.skip(f"{SHARED / name} is not on this machine")
    return SHARED / name


def run(
    tmp_path: Path, source: str, folder: Path | None = None, metadata: Path | None = None
) -> dict[str, object]:
    """Choose, ingest and process in an empty project; the profile."""
    config = tmp_path / "data.yaml"
    config.write_text((ROOT / "configs/data.yaml").read_text())
    choose(source, folder, metadata, config=config, root=tmp_path)
    ingest(load_config(config, DataConfig), tmp_path, NOW)
    process_sequences(load_config(ROOT / "configs/sequences.yaml", SequencesConfig), tmp_path)
    return read_json(tmp_path / "data/raw/profile.json")


def test_the_packaged_set_is_movielens_of_2016(tmp_path: Path) -> None:
    profile = run(tmp_path, "packaged")
    assert (profile["ratings"], profile["users"], profile["films"]) == (100_004, 671, 9_066)
    assert (profile["rejected"], profile["last_rating"]) == (0, "2016-10-16")
    films = read_table(tmp_path / "data/raw/movies.parquet", MOVIES).set_index("movie_id")
    assert (films.title[1], films.year[1]) == ("Toy Story", 1995)
    assert list(films.genres[1])[:2] == ["Adventure", "Animation"]
    assert films.title.str.strip().astype(bool).all()
    assert "(no genres listed)" not in set(films.genres.explode())
    events = read_table(tmp_path / "data/processed/interactions.parquet", INTERACTIONS)
    assert len(events) == 100_004
    splits = read_json(tmp_path / "data/processed/splits.json")
    quoted = read_json(ROOT / "benchmarks/results/quality-packaged.json")
    for protocol in PROTOCOLS:
        assert splits[f"{protocol}_hash"] == quoted[protocol]["split_hash"], (
            "what the docs quote is of this split"
        )


@pytest.mark.parametrize("apart", [0, 3600], ids=["at once", "over a year"])
def test_two_viewers_who_import_the_whole_catalogue_leave_the_split_to_the_data_set(
    tmp_path: Path, apart: int
) -> None:
    """They were all of the test, and where they imported everything at one time, no validation was left."""
    run(tmp_path, "packaged")
    alone = read_json(tmp_path / "data/processed/splits.json")
    films = read_table(tmp_path / "data/raw/movies.parquet", MOVIES).movie_id
    imported = [
        pd.DataFrame(
            {
                "user_id": FIRST_VIEWER_ID + who,
                "movie_id": films,
                "rating": np.float32(4),
                "timestamp": NOW - 60 * who - apart * (np.arange(len(films))[::-1]),
            }
        )
        for who in (1, 2)
    ]
    write_table(tmp_path / "data/feedback/ratings.parquet", pd.concat(imported), FEEDBACK)
    profile = run(tmp_path, "packaged")
    assert profile["viewers_ratings"] == 2 * len(films)
    splits = read_json(tmp_path / "data/processed/splits.json")
    assert splits["viewers_ratings_left_out"] == 2 * (len(films) - 500)
    assert splits["temporal_test_from"] < "2015-08"
    assert splits["temporal_test_users"] > 0.95 * alone["temporal_test_users"]
    assert splits["temporal_validation"] > 4_500


@pytest.mark.realdata
def test_ml_latest_small_comes_with_what_tmdb_knows(tmp_path: Path) -> None:
    folder, metadata = shared("ml-latest-small"), shared("tmdb/ml-latest-small_tmdb.jsonl.gz")
    profile = run(tmp_path, "folder", folder, metadata)
    assert (profile["ratings"], profile["users"], profile["films"]) == (100_836, 610, 9_742)
    assert (profile["rejected"], profile["films_with_metadata"]) == (0, 9_742)
    films = read_table(tmp_path / "data/raw/movies.parquet", MOVIES)
    assert films.tmdb_id.notna().sum() == 9_734
    assert films.year.isna().sum() < 20
    known = read_table(tmp_path / "data/raw/metadata.parquet", METADATA)
    assert known.overview.notna().mean() > 0.8
    assert known.poster_path.notna().mean() > 0.8


@pytest.mark.realdata
def test_ml_1m_keeps_its_exact_order_although_most_times_are_missing(tmp_path: Path) -> None:
    folder = shared("ml-1m")
    profile = run(tmp_path, "folder", folder)
    assert (profile["ratings"], profile["users"], profile["films_rated"]) == (1_000_209, 6_040, 3_706)
    assert (profile["rejected"], profile["times_filled"]) == (0, 885_152)
    ratings = read_table(tmp_path / "data/raw/ratings.parquet", RATINGS)
    often = ratings.groupby("movie_id").user_id.transform("size") >= 5
    assert often.sum() == 999_611
    assert (ratings.user_id[often].nunique(), ratings.movie_id[often].nunique()) == (6_040, 3_416)
    with gzip.open(folder / "ratings.csv.gz") as file:
        told = pd.read_csv(file).sort_values(["user", "time_rank"])
    events = read_table(tmp_path / "data/processed/interactions.parquet", INTERACTIONS)
    users = read_table(tmp_path / "data/processed/users.parquet", USERS)
    films = read_table(tmp_path / "data/processed/vocabulary.parquet", VOCABULARY)
    assert (users.user_id.to_numpy()[events.user_idx] == told.user.to_numpy()).all()
    assert (films.movie_id.to_numpy()[events.item_idx] == told.movie.to_numpy()).all()
    assert (events.position.to_numpy() == told.time_rank.to_numpy()).all()
    known = told.timestamp.notna().to_numpy()
    assert (events.timestamp.to_numpy()[known] == told.timestamp.to_numpy()[known]).all()
