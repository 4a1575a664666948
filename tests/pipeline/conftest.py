"""One small pipeline, run once for all tests of this folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from workspace import Workspace, make_workspace


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The small pipeline after a first run, its server up. Shared: what changes it works on a copy."""
    workspace = make_workspace(tmp_path_factory.mktemp("pipeline") / "workspace")
    if not (workspace.root / "frontend/dist").exists() and shutil.which("npm") is None:
        pytest.skip("needs npm (Node.js 20), or a web app that `make run` built")
    try:
        workspace.pipeline()
        yield workspace
    finally:
        workspace.stop()


@pytest.fixture
def copied(deployed: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of the small pipeline after its run, with no server and no release yet."""
    workspace = deployed.copy(tmp_path / "workspace")
    yield workspace
    workspace.stop()
