"""What admins do: see releases, go back, go forward; every change is logged."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import tiny
from browser import PASSWORD, Browser

from movie_genie.releases import store as releases


@pytest.fixture(scope="module")
def two_releases(tiny_releases: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A releases folder with two releases, the older one in service."""
    folder = tmp_path_factory.mktemp("two") / "releases"
    shutil.copytree(tiny_releases, folder, symlinks=True)
    old = releases.current(folder)
    assert old is not None
    project = tiny.make_project(tmp_path_factory.mktemp("project"), seed=8)
    new = releases.publish(project, folder, datetime(2026, 1, 2, tzinfo=UTC))
    return folder, old, new


def admin_of(app) -> Browser:
    app.extensions["movie_genie"].administration.create_admin("ada", PASSWORD)
    admin = Browser(app.test_client())
    admin.post("/session", {"name": "ada", "password": PASSWORD})
    return admin


def test_an_admin_activates_a_release_and_goes_back(make_app, two_releases: tuple[Path, str, str], capfd):
    folder, old, new = two_releases
    admin = admin_of(make_app(releases=folder))
    listed = admin.get("/admin/releases").json["items"]
    assert [(item["release_id"], item["current"]) for item in listed] == [(new, False), (old, True)]
    assert admin.post("/admin/activate", {"release_id": new}).json == {"release_id": new}
    assert admin.get("/ready").json["release_id"] == new
    assert admin.get("/admin/releases").json["items"][1]["former"] is True
    assert admin.post("/admin/rollback").json == {"release_id": old}
    assert admin.get("/ready").json["release_id"] == old
    logged = capfd.readouterr().err
    assert "admin action" in logged
    assert "rollback" in logged
    assert "viewer_id" not in logged


def test_a_release_that_is_missing_or_broken_is_refused_and_the_old_one_stays(
    make_app, tiny_releases: Path, tmp_path: Path
):
    folder = tmp_path / "releases"
    shutil.copytree(tiny_releases, folder, symlinks=True)
    serving = releases.current(folder)
    broken = folder / "0123456789ab"
    shutil.copytree(folder / str(serving), broken)
    (broken / "catalogue.arrow").write_bytes(b"half a file")
    admin = admin_of(make_app(releases=folder))
    for release_id in ("ffffffffffff", "0123456789ab"):
        answer = admin.post("/admin/activate", {"release_id": release_id})
        assert (answer.status_code, answer.json["type"]) == (409, "urn:problem:release-refused")
    assert admin.post("/admin/activate", {"release_id": "../../etc"}).status_code == 422
    assert admin.get("/ready").json["release_id"] == serving
    assert releases.current(folder) == serving


def test_the_pipelines_state_says_why_it_is_not_known(admin: Browser, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = admin.get("/admin/pipeline").json
    assert (state["stages"], state["runs"]) == ([], [])
    assert "apart from the pipeline" in state["stages_unknown"]
    assert "AIRFLOW_URL" in state["runs_unknown"]
