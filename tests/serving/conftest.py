"""Releases to play with. The text model's 90 MB are left out, or linked, where a test has no need of its own."""

import json
import os
import shutil
from pathlib import Path

import pytest
import tiny

from movie_genie.files import digest
from movie_genie.serving import releases
from movie_genie.serving.query_encoder import QueryEncoder
from movie_genie.serving.verification import MANIFEST, open_checked, release_id_of


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
    shutil.copytree(tiny_release, copy, ignore=shutil.ignore_patterns("query_encoder"))
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
def without_encoder(monkeypatch):
    """Let releases be published without the text model."""
    monkeypatch.setattr(QueryEncoder, "export", lambda target: None)


@pytest.fixture
def linked_encoder(tiny_release, monkeypatch):
    """Let publishing link the text model instead of writing it each time."""

    def link(target):
        shutil.copytree(tiny_release / "query_encoder", target, copy_function=os.link)

    monkeypatch.setattr(QueryEncoder, "export", link)


@pytest.fixture
def same_process(monkeypatch):
    """Let releases be verified here and not in a fresh process each: the test is about something else."""
    monkeypatch.setattr(releases, "smoke_query", open_checked)
