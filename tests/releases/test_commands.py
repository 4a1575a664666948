"""The operator's commands, as they are typed."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from movie_genie.releases import store as releases

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def command(folder):
    """Run `python -m movie_genie.releases …` on the releases of `folder`."""

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", releases.__package__, *arguments],
            env={**os.environ, "MOVIE_GENIE_RELEASES": str(folder)},
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
    assert command("check", str(tiny_release)) == (0, "", "")
    status, _, error = command("check", "nowhere")
    assert (status, error) == (1, "error: nowhere/manifest.json: not found\n")


def test_nothing_is_removed_that_the_settings_keep(command):
    assert command("prune") == (0, "removed: nothing\n", "")
