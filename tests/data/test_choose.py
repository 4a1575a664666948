import shutil
from pathlib import Path

import pytest
from small_set import NOW, DataSet, sha256

from movie_genie.config import DataConfig
from movie_genie.config_file import load_config
from movie_genie.data.choose import SOURCES, choose
from movie_genie.data.ingest import ingest
from movie_genie.errors import UserError

COMMITTED = Path(__file__).resolve().parents[2] / "configs" / "data.yaml"


@pytest.fixture
def config(data_set: DataSet) -> Path:
    """A copy of the project's own configs/data.yaml."""
    path = data_set.root / "configs" / "data.yaml"
    path.parent.mkdir()
    shutil.copy(COMMITTED, path)
    return path


def comments(path: Path) -> list[str]:
    return [line[line.index("#") :] for line in path.read_text().splitlines() if "#" in line]


def test_a_folder_is_pinned_with_the_files_that_are_read(data_set: DataSet, config: Path) -> None:
    data_set.write("tags.csv", "userId,movieId,tag,timestamp\n")
    (data_set.root / "tmdb.jsonl").write_text('{"movieId": 1}\n')
    choose("folder", Path("set"), Path("tmdb.jsonl"), config=config, root=data_set.root)
    chosen = load_config(config, DataConfig)
    assert chosen.source.path == Path("set")
    assert chosen.source.files == {
        name: sha256(data_set.folder / name) for name in ("ratings.csv", "movies.csv", "links.csv")
    }
    assert chosen.metadata.path == Path("tmdb.jsonl")
    ingest(chosen, data_set.root, NOW)


def test_the_rest_of_the_file_stays_as_it_was(data_set: DataSet, config: Path) -> None:
    config.write_text(config.read_text().replace("max_rejected_share: 0.01", "max_rejected_share: 0.25"))
    before = comments(config)
    (data_set.root / "tmdb.jsonl").write_text("")
    for metadata in (Path("tmdb.jsonl"), None):
        choose("folder", Path("set"), metadata, config=config, root=data_set.root)
        assert comments(config) == before
        assert load_config(config, DataConfig).max_rejected_share == 0.25


def test_the_way_there_and_back_gives_the_committed_file(data_set: DataSet, config: Path) -> None:
    choose("folder", Path("set"), None, config=config, root=data_set.root)
    choose("ml-1m", None, None, config=config, root=data_set.root)
    choose("packaged", None, None, config=config, root=data_set.root)
    choose("packaged", None, None, config=config, root=data_set.root)
    assert config.read_text() == COMMITTED.read_text()


@pytest.mark.parametrize("name", ["ml-1m", "ml-25m", "ml-32m"])
def test_known_archives_need_no_network_to_be_pinned(data_set: DataSet, config: Path, name: str) -> None:
    choose(name, None, None, config=config, root=data_set.root, grouplens="http://127.0.0.1:9")
    source = load_config(config, DataConfig).source
    assert (source.kind, source.name, len(source.md5)) == ("grouplens", name, 32)


def test_an_archive_that_may_change_is_pinned_as_published(serve, data_set: DataSet, config: Path) -> None:
    server = serve(b"")
    server.md5_text = f"MD5 (ml-latest-small.zip) = {'ab' * 16}\n"
    choose("ml-latest-small", None, None, config=config, root=data_set.root, grouplens=server.url)
    assert load_config(config, DataConfig).source.md5 == "ab" * 16
    assert [path for path, _ in server.requests] == ["/ml-latest-small.zip.md5"]


@pytest.mark.parametrize(
    ("source", "folder", "message"),
    [
        ("netflix", None, "SOURCE=netflix: expected one of packaged, folder"),
        ("folder", None, "DIR names the folder"),
        ("packaged", Path("set"), "DIR names the folder"),
        ("folder", Path("none"), "DIR=none: no such folder"),
        ("folder", Path("configs"), "configs: expected one file of ratings .*found none"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_and_nothing_written(
    data_set: DataSet, config: Path, source: str, folder: Path | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        choose(source, folder, None, config=config, root=data_set.root)
    assert config.read_text() == COMMITTED.read_text()


def test_a_missing_metadata_file_is_named(data_set: DataSet, config: Path) -> None:
    with pytest.raises(UserError, match=r"none\.jsonl: cannot be read: No such file"):
        choose("folder", Path("set"), Path("none.jsonl"), config=config, root=data_set.root)


def test_two_tables_that_may_be_the_ratings_are_not_guessed_between(data_set: DataSet, config: Path) -> None:
    (data_set.folder / "ratings.csv").unlink()
    data_set.write("a.csv", "x")
    data_set.write("b.parquet", "y")
    with pytest.raises(UserError, match=r"expected one file of ratings .*found a\.csv, b\.parquet"):
        choose("folder", Path("set"), None, config=config, root=data_set.root)


def test_the_sources_of_the_help_text_are_all_there_are() -> None:
    script = (COMMITTED.parents[1] / "scripts" / "choose_data.py").read_text()
    assert all(source in script for source in SOURCES)
