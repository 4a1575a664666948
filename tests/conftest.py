"""What tests of several rooms share: a small project and the release made of it."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in a server; read when numpy loads, so it comes first

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import text_model
import tiny
from airflow_server import Airflow

from movie_genie.data import minilm_export
from movie_genie.engine.search import TEXT_MODEL
from movie_genie.files import digest
from movie_genie.releases import content
from movie_genie.releases import store as releases
from movie_genie.releases.checks import open_checked, release_id_of
from movie_genie.releases.content import MANIFEST


@pytest.fixture(scope="session", autouse=True)
def _shared_text_model() -> Iterator[None]:
    """Projects and releases of the tests have one text model between them, as exporting it takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(minilm_export, "exported", lambda cache: text_model.exported())
        patch.setattr(content, "copy_text_model", _copy_shared)
        yield


def _copy_shared(project: Path, target: Path) -> None:
    shutil.copytree(text_model.exported(), target / TEXT_MODEL, copy_function=shutil.copyfile)


@pytest.fixture(scope="session")
def tiny_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder as it is before `backend_server`. Shared: copy it to change it."""
    return tiny.make_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def tiny_releases(tiny_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A releases folder, `current` points to the release of `tiny_project`. Shared: copy it to change it."""
    folder = tmp_path_factory.mktemp("releases")
    release_id = releases.publish(tiny_project, folder, datetime(2026, 1, 1, tzinfo=UTC))
    (folder / releases.CURRENT).symlink_to(release_id)
    return folder


@pytest.fixture(scope="session")
def tiny_release(tiny_releases: Path) -> Path:
    """The folder of that release: `Recommender(tiny_release)` opens it."""
    return (tiny_releases / releases.CURRENT).resolve()


@pytest.fixture
def airflow() -> Iterator[Airflow]:
    """An edge of the network that speaks as Airflow does."""
    made = Airflow()
    yield made
    made.server.shutdown()
    made.server.server_close()


def _seal(release: Path) -> Path:
    paths = sorted(path for path in release.rglob("*") if path.is_file() and path.name != MANIFEST)
    files = {path.relative_to(release).as_posix(): digest(path) for path in paths}
    manifest = json.loads((release / MANIFEST).read_text())
    manifest |= {"files": files, "release_id": release_id_of(files)}
    (release / MANIFEST).write_text(json.dumps(manifest))
    return release.rename(release.with_name(manifest["release_id"]))


@pytest.fixture
def seal():
    """Give a tampered release the name and manifest that fit its files, as a faulty publisher would."""
    return _seal


@pytest.fixture(scope="session")
def light_releases(tiny_release, tmp_path_factory):
    """A releases folder with one release in service that lacks only the text model. Shared: copy it."""
    folder = tmp_path_factory.mktemp("light")
    copy = folder / "copy"
    shutil.copytree(tiny_release, copy, ignore=shutil.ignore_patterns(TEXT_MODEL))
    (folder / releases.CURRENT).symlink_to(_seal(copy).name)
    return folder


@pytest.fixture
def folder(light_releases, tmp_path):
    """A copy of the light releases, to change."""
    return Path(shutil.copytree(light_releases, tmp_path / "releases", symlinks=True))


@pytest.fixture
def release(folder):
    """The one in service."""
    return folder / releases.current(folder)


@pytest.fixture(scope="session")
def other_project(tmp_path_factory):
    """A project with other models."""
    return tiny.make_project(tmp_path_factory.mktemp("other"), seed=8)


@pytest.fixture
def without_text_model(monkeypatch):
    """Let releases be published without the text model."""
    monkeypatch.setattr(content, "copy_text_model", lambda project, target: None)


@pytest.fixture
def linked_text_model(tiny_release, monkeypatch):
    """Let publishing link the text model instead of writing it each time."""

    def link(project, target):
        shutil.copytree(tiny_release / TEXT_MODEL, target / TEXT_MODEL, copy_function=os.link)

    monkeypatch.setattr(content, "copy_text_model", link)


@pytest.fixture
def same_process(monkeypatch):
    """Let releases be verified here and not in a fresh process each: the test is about something else."""
    monkeypatch.setattr(releases, "smoke_query", open_checked)
