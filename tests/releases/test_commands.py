"""The operator's commands, as they are typed."""

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from movie_genie.releases import store as releases

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def command(folder):
    """Run `python -m movie_genie.releases …` on the releases of `folder`."""

    def run(*arguments, cwd=None):
        done = subprocess.run(
            [sys.executable, "-m", releases.__package__, *arguments],
            env={**os.environ, "MOVIE_GENIE_RELEASES": str(folder)},
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.usefixtures("without_text_model")
def test_releases_are_listed_activated_and_rolled_back(command, folder, release, other_project, monkeypatch):
    second = releases.publish(other_project, folder, NOW)
    assert command("list")[1].splitlines() == [
        f"  {second}  2026-01-02 00:00 UTC  no commit known",
        f"* {release.name}  2026-01-01 00:00 UTC  no commit known",
    ]
    # A release without its text model is refused: the check asks for a search by meaning.
    status, _, error = command("activate", second)
    assert (status, error.count("\n")) == (1, 1)
    assert releases.current(folder) == release.name
    monkeypatch.setattr(releases, "smoke_query", lambda path: None)
    releases.activate(folder, second)
    assert command("list")[1].splitlines()[0].startswith(f"* {second}")
    assert command("list")[1].splitlines()[1].startswith(f"< {release.name}")
    assert command("rollback")[0] == 1  # the one before lacks its text model as well


def test_a_whole_release_passes_its_check_and_a_broken_one_is_said_in_one_line(command, tiny_release):
    whole = f"release {tiny_release.name} is whole and answers\n"
    assert command("check", str(tiny_release)) == (0, whole, "")
    status, output, error = command("check", "nowhere")
    assert (status, output, error) == (1, "", f"error: {Path.cwd() / 'nowhere/manifest.json'}: not found\n")


def test_a_release_is_checked_by_whatever_path_leads_to_it(command, tiny_releases, tiny_release):
    whole = f"release {tiny_release.name} is whole and answers\n"
    assert command("check", str(tiny_releases / "current")) == (0, whole, "")
    assert command("check", ".", cwd=tiny_release) == (0, whole, "")
    assert command("check", "..", cwd=tiny_release / "web") == (0, whole, "")


def test_a_circle_of_links_is_no_release(command, tmp_path):
    (tmp_path / "current").symlink_to("current")
    status, _, error = command("check", "current", cwd=tmp_path)
    assert status == 1
    assert (
        error
        == f"error: {tmp_path / 'current/manifest.json'}: could not be read: {os.strerror(errno.ELOOP)}\n"
    )


def test_nothing_is_removed_that_the_settings_keep(command):
    assert command("prune") == (0, "removed: nothing\n", "")
