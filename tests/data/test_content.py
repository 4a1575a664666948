import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tmdb_server import KEY, Fault, TmdbServer

from movie_genie.config import ContentConfig
from movie_genie.config_file import load_config
from movie_genie.data import minilm
from movie_genie.data.choose import choose
from movie_genie.data.content import extract_content, film_text
from movie_genie.data.minilm import MiniLM
from movie_genie.data.schemas import CONTENT, METADATA, MOVIES, RATINGS, read_arrow, write_table
from movie_genie.errors import UserError
from movie_genie.files import read_json

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
CONTENT_FILE = "data/processed/content_features.parquet"


def film(movie_id: int, title: str, year: int | None = None, **ids: Any) -> dict[str, Any]:
    known = {"genres": ["Drama"], "imdb_id": None, "tmdb_id": None}
    return {"movie_id": movie_id, "title": title, "year": year, **known, **ids}


MOVIES_3 = [
    film(1, "Rock Crystal", 2004, tmdb_id=12313, imdb_id="tt0409732"),
    film(2, "Third Man, The", 1949),
    film(5, "Untold", genres=[]),
]
CRYSTAL = {
    "movie_id": 1,
    "tmdb_id": 12313,
    "overview": "As the file tells it.",
    "keywords": ["snow"],
    "cast": ["Dana Vávrová"],
    "directors": ["Joseph Vilsmaier"],
    "runtime": 90,
    "poster_path": "/file.jpg",
    "backdrop_path": None,
}


def project(root: Path, movies: list[dict[str, Any]], metadata: list[dict[str, Any]]) -> Path:
    """What `ingest` leaves, as far as this stage reads it."""
    for name, rows, schema in (("movies", movies, MOVIES), ("metadata", metadata, METADATA)):
        write_table(root / f"data/raw/{name}.parquet", pa.Table.from_pylist(rows, schema=schema), schema)
    return root


def rows(root: Path) -> dict[int, dict[str, Any]]:
    return {row["movie_id"]: row for row in read_arrow(root / CONTENT_FILE, CONTENT).to_pylist()}


@pytest.fixture
def tmdb(monkeypatch: pytest.MonkeyPatch) -> Iterator[TmdbServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = TmdbServer()
    yield server
    server.close()


@pytest.fixture
def config(tmdb: TmdbServer) -> ContentConfig:
    """The project's own, but for the address and shorter waits."""
    ours = load_config(ROOT / "configs/content.yaml", ContentConfig)
    return ours.model_copy(update={"tmdb_base_url": tmdb.url, "tmdb_retries": 1, "tmdb_timeout_seconds": 2})


def test_without_a_key_one_line_says_so_and_the_rest_is_there(
    tmp_path: Path, tmdb: TmdbServer, config: ContentConfig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    extract_content(config, project(tmp_path, MOVIES_3, []), None)
    assert [record.getMessage() for record in caplog.records] == [
        "TMDB_API_KEY is not set: going on with what is known",
        "3 films, 0 with overview, poster and cast",
    ]
    assert tmdb.requests == []
    films = rows(tmp_path)
    assert [films[key]["title"] for key in (1, 2, 5)] == ["Rock Crystal", "The Third Man", "Untold"]
    assert (films[2]["overview"], films[2]["cast"], films[2]["tmdb_id"]) == (None, [], None)
    vectors = np.array([row["embedding"] for row in films.values()])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert np.linalg.matrix_rank(vectors) == 3


def test_the_text_model_that_embedded_the_films_is_kept_beside_them(
    tmp_path: Path, tmdb: TmdbServer, config: ContentConfig
) -> None:
    root = project(tmp_path, MOVIES_3[:1], [CRYSTAL])
    extract_content(config, root, None)
    crystal = rows(root)[1]
    model = MiniLM.load(root / minilm.FOLDER)
    (vector,) = model.vectors(np.array(model.tokens([film_text(crystal, config)])))
    assert np.abs(vector - crystal["embedding"]).max() < 1e-5


def test_tmdb_fills_only_what_the_metadata_file_does_not_know(
    tmp_path: Path, tmdb: TmdbServer, config: ContentConfig
) -> None:
    gaps = {**CRYSTAL, "overview": None, "cast": []}
    extract_content(config, project(tmp_path, MOVIES_3[:1], [gaps]), KEY)
    crystal = rows(tmp_path)[1]
    assert crystal["overview"].startswith("The towns of Gschaid and Millsdorf")
    assert crystal["cast"][1] == "Daniel Morgenroth"
    assert (crystal["runtime"], crystal["poster_path"], crystal["keywords"]) == (90, "/file.jpg", ["snow"])
    assert crystal["backdrop_path"] == "/bzsrNO2PGP8eJeccFJd7893L8AY.jpg"


def test_a_film_that_is_known_is_not_asked_for(
    tmp_path: Path, tmdb: TmdbServer, config: ContentConfig
) -> None:
    extract_content(config, project(tmp_path, MOVIES_3[:1], [CRYSTAL]), KEY)
    assert tmdb.requests == []
    assert rows(tmp_path)[1]["overview"] == "As the file tells it."


def test_what_was_fetched_once_serves_without_a_key(
    tmp_path: Path, tmdb: TmdbServer, config: ContentConfig
) -> None:
    project(tmp_path, MOVIES_3, [])
    extract_content(config, tmp_path, KEY)
    with_key, asked = (tmp_path / CONTENT_FILE).read_bytes(), len(tmdb.requests)
    extract_content(config, tmp_path, None)
    extract_content(config, tmp_path, KEY)
    assert (tmp_path / CONTENT_FILE).read_bytes() == with_key
    assert len(tmdb.requests) == asked
    assert rows(tmp_path)[1]["runtime"] == 92


def test_the_coverage_is_counted(tmp_path: Path, config: ContentConfig) -> None:
    extract_content(config, project(tmp_path, MOVIES_3, [CRYSTAL]), None)
    counts = read_json(tmp_path / "data/processed/content.json")
    assert counts == {
        "films": 3,
        "complete": 1,
        "with_year": 2,
        "with_genres": 2,
        "with_tmdb_id": 1,
        "with_overview": 1,
        "with_keywords": 1,
        "with_cast": 1,
        "with_directors": 1,
        "with_runtime": 1,
        "with_poster": 1,
        "with_backdrop": 0,
        "complete_share": pytest.approx(1 / 3, abs=1e-6),
    }


def test_a_forced_run_writes_the_same_bytes_with_or_without_its_cache(
    tmp_path: Path, config: ContentConfig
) -> None:
    written = []
    for name in ("first", "second"):
        extract_content(config, project(tmp_path / name, MOVIES_3, [CRYSTAL]), None)
        written.append((tmp_path / name / CONTENT_FILE).read_bytes())
    extract_content(config, tmp_path / "first", None)
    assert written[0] == written[1] == (tmp_path / "first" / CONTENT_FILE).read_bytes()


def test_no_films_are_no_error(tmp_path: Path, config: ContentConfig) -> None:
    extract_content(config, project(tmp_path, [], []), KEY)
    assert rows(tmp_path) == {}


def test_a_failing_tmdb_leaves_the_old_table_in_place(
    tmp_path: Path, tmdb: TmdbServer, config: ContentConfig
) -> None:
    extract_content(config, project(tmp_path, MOVIES_3, []), None)
    before = (tmp_path / CONTENT_FILE).read_bytes()
    tmdb.always["movie/12313"] = Fault(500)
    with pytest.raises(UserError, match=r"movie/12313 \(Rock Crystal \(2004\)\): answered 500"):
        extract_content(config, tmp_path, KEY)
    assert (tmp_path / CONTENT_FILE).read_bytes() == before


def test_the_text_names_what_is_known_and_cuts_the_overview(config: ContentConfig) -> None:
    bare = {**dict.fromkeys(CONTENT.names), "title": "Heat", "genres": [], "keywords": [], "cast": []}
    assert film_text({**bare, "directors": []}, config) == "Heat"
    row = {**bare, **CRYSTAL, "title": "Rock Crystal", "year": 2004, "genres": ["Drama", "War"]}
    row.update(cast=["A", "B", "C", "D"], overview="Far up. " * 100)
    short = config.model_copy(update={"max_words": 19, "cast_in_text": 2})
    assert film_text(row, short) == (
        "Rock Crystal (2004). Drama, War. Keywords: snow. Directed by Joseph Vilsmaier. With A, B. "
        "Far up. Far up. Far"
    )


@pytest.mark.slow
def test_a_killed_run_resumes_where_it_was(tmp_path: Path, tmdb: TmdbServer) -> None:
    films = [film(number, f"Film {number}", 1999, tmdb_id=1000 + number) for number in range(200)]
    project(tmp_path, films, [])
    text = (ROOT / "configs/content.yaml").read_text()
    (tmp_path / "content.yaml").write_text(text.replace("https://api.themoviedb.org/3", tmdb.url))
    command = [sys.executable, str(ROOT / "scripts/extract_content.py"), "--config", "content.yaml"]
    environment = {**os.environ, "TMDB_API_KEY": KEY}
    tmdb.pause = 0.2
    stage = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 120
    while len(tmdb.requests) < 60 and time.monotonic() < deadline:
        time.sleep(0.01)
    stage.send_signal(signal.SIGKILL)
    stage.communicate()
    assert 60 <= len(tmdb.requests) < 100
    tmdb.pause = 0
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "200 films, 200 with overview, poster and cast"
    asked = Counter(tmdb.paths)
    assert len(asked) == 200
    assert sum(asked.values()) <= 200 + 2 * 8  # those under way when it was killed are asked for again
    assert KEY not in done.stdout + done.stderr


@pytest.mark.realdata
def test_ml_latest_small_has_posters_overviews_and_casts(tmp_path: Path) -> None:
    folder, metadata = SHARED / "ml-latest-small", SHARED / "tmdb/ml-latest-small_tmdb.jsonl.gz"
    if not metadata.exists():
        pytest.skip(f"{metadata} is not on this machine")
    from movie_genie.config import DataConfig
    from movie_genie.data.ingest import ingest

    (tmp_path / "data.yaml").write_text((ROOT / "configs/data.yaml").read_text())
    choose("folder", folder, metadata, config=tmp_path / "data.yaml", root=tmp_path)
    ingest(load_config(tmp_path / "data.yaml", DataConfig), tmp_path, now=1_700_000_000)
    config = load_config(ROOT / "configs/content.yaml", ContentConfig)
    # The vectors are no matter here: a few words of each text keep the test short.
    extract_content(config.model_copy(update={"max_words": 3}), tmp_path, None)
    counts = read_json(tmp_path / "data/processed/content.json")
    assert counts["with_poster"] / counts["films"] >= 0.8
    assert counts["with_overview"] / counts["films"] >= 0.8
    assert counts["with_cast"] == 7_554  # 77.5 %: the file holds no more
    ratings = read_arrow(tmp_path / "data/raw/ratings.parquet", RATINGS)["movie_id"].to_pylist()
    films = rows(tmp_path)
    for name in ("poster_path", "overview", "cast"):  # of the films that people watch
        assert sum(bool(films[movie_id][name]) for movie_id in ratings) / len(ratings) >= 0.95
