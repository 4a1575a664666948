"""What tests of several rooms share: a small project and the release made of it."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in a server; read when numpy loads, so it comes first

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import tiny
from airflow_server import Airflow

from movie_genie.serving import releases


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
