"""The real pipeline in a folder of its own, small: generated ratings, two epochs, another port.

The folder is a git repository of the checkout's files as they are now. It has the checkout's environment, takes
the web app from the checkout's DVC cache where `make run` built it, and shares nothing else.
"""

import csv
import os
import random
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
USERS, FILMS = 60, 150

SMALL: dict[str, dict[str, object]] = {
    "two_tower": {"max_epochs": 2, "patience": 2, "embedding_dim": 16, "hidden_dim": 16, "threads": 1},
    "bert4rec": {"max_epochs": 2, "patience": 2, "hidden_dim": 16, "blocks": 1, "heads": 1, "threads": 1},
    "evaluation": {"bootstrap_samples": 50, "latency_requests": 5},
    "tracking": {"enabled": False},
    "server": {"workers": 1, "threads": 2},
}


class Workspace:
    """A copy of the project that may be run, changed and broken."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port
        self.url = f"http://127.0.0.1:{port}"

    def run(
        self, *command: str, check: bool = True, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment in the workspace."""
        program, *arguments = command
        done = subprocess.run(
            [f".venv/bin/{program}", *arguments],
            check=False, cwd=self.root, env=self.environment() | environment, capture_output=True, text=True,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
        return done

    def environment(self) -> dict[str, str]:
        """The workspace's own code is what its stages import."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIE_GENIE_")}
        return kept | {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": ""}

    def pipeline(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run the pipeline as `make run` does."""
        return self.run("python", "scripts/run_full_pipeline.py", *arguments, check=check)

    def repro(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run the pipeline as DVC does."""
        return self.run("dvc", "--wait-for-lock", "repro", *arguments, check=check)

    def status(self) -> dict[str, list[object]]:
        """What DVC thinks changed."""
        status: dict[str, list[object]] = yaml.safe_load(self.run("dvc", "status", "--json").stdout or "{}")
        return status

    def configure(self, name: str, **values: object) -> None:
        """Change values in a file of configs/."""
        path = self.root / "configs" / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **values}, sort_keys=False))

    def outputs(self, *paths: str) -> dict[str, bytes]:
        """Every file below the paths, with its bytes."""
        found: dict[str, bytes] = {}
        for path in paths:
            place = self.root / path
            files = sorted(place.rglob("*")) if place.is_dir() else [place]
            found |= {str(file.relative_to(self.root)): file.read_bytes() for file in files if file.is_file()}
        return found

    def copy(self, folder: Path) -> "Workspace":
        """The same, run state and DVC cache too, for a test that breaks things; with a port of its own."""

        def ignored(place: str, names: list[str]) -> set[str]:
            left = {"run", "releases"} if Path(place) == self.root else set()
            return {"node_modules", *left} & set(names)

        shutil.copytree(self.root, folder, symlinks=True, ignore=ignored)
        copy = Workspace(folder, free_port())
        copy.configure("server", port=copy.port)
        return copy

    def stop(self) -> None:
        """Stop the server, if one was started."""
        subprocess.run(["./scripts/stop_server.sh"], cwd=self.root, env=self.environment(), check=True)


def processor_seconds() -> float:
    """Processor time of this process and its children so far; unlike the clock's, no busy machine adds to it."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_workspace(folder: Path, change: Callable[[Path], None] | None = None) -> Workspace:
    """A workspace with nothing run yet, committed; `change` is made to the project's files first."""
    for name in _project_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    if change is not None:
        change(folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    workspace = Workspace(folder, free_port())
    for name, values in SMALL.items():
        workspace.configure(name, **values)
    workspace.configure("server", port=workspace.port)
    open_gate(workspace)
    write_ratings(folder / "data/small")
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    workspace.run("dvc", "config", "--local", "core.no_scm", "false")
    workspace.run("python", "scripts/choose_data.py", "--source", "folder", "--dir", "data/small")
    if (ROOT / "dvc.lock").exists():
        shutil.copy(ROOT / "dvc.lock", folder)
        workspace.run("dvc", "remote", "add", "--local", "--default", "checkout", str(ROOT / ".dvc/cache"))
        workspace.run("dvc", "pull", "frontend_build", check=False)  # where it cannot, the stage builds it
    commit(workspace)
    return workspace


def open_gate(workspace: Workspace) -> None:
    """Let every model pass: two epochs on generated ratings prove nothing."""
    path = workspace.root / "configs/evaluation.yaml"
    gate = yaml.safe_load(path.read_text())["gate"]
    workspace.configure("evaluation", gate=[{**check, "at_least": 0.0} for check in gate])


def commit(workspace: Workspace) -> None:
    """Commit everything there is."""
    subprocess.run(["git", "add", "--all"], cwd=workspace.root, check=True)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *identity, "commit", "-q", "-m", "As it is"], cwd=workspace.root, check=True)


def _project_files() -> Iterator[str]:
    """Files that git has or would take, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return (name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def write_ratings(folder: Path) -> None:
    """Ratings in MovieLens layout: two tastes, each following the films of its half in a loose order."""
    folder.mkdir(parents=True)
    chance = random.Random(7)
    genres = ("Comedy|Romance", "Action|Thriller")
    with (folder / "movies.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["movieId", "title", "genres"])
        rows.writerows(
            [film + 1, f"Film {film} ({1980 + film % 40})", genres[film % 2]] for film in range(FILMS)
        )
    with (folder / "ratings.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["userId", "movieId", "rating", "timestamp"])
        for user in range(USERS):
            taste = [film for film in range(FILMS) if film % 2 == user % 2]
            start = chance.randrange(len(taste) - 25)
            films = dict.fromkeys(taste[start + step + chance.randrange(3)] for step in range(22))
            time = 1_400_000_000 + chance.randrange(3 * 365 * 86_400)
            for film in films:
                time += chance.randrange(60, 86_400)
                rows.writerow([user + 1, film + 1, chance.choice((3.0, 3.5, 4.0, 4.5, 5.0)), time])
