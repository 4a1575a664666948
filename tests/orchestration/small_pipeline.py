"""A project with the real pipeline's stages, edges and settings, each stage a few lines that finish at once.

Real git, DVC, DAG file and start scripts; only the stages' work is small, so that runs, kills and failures
can be tried many times. A stage's output is a digest of what it read, so that any wrong order would show.
"""

import shutil
import subprocess
from pathlib import Path

import yaml

from movie_genie.orchestration.dvc_graph import load_graph

ROOT = Path(__file__).parents[2]
DVC = ROOT / ".venv" / "bin" / "dvc"

STAGE_PY = '''
"""One stage: wait as long as sleep/NAME says, then write a digest of all that was read to each output."""
import hashlib, json, os, signal, subprocess, sys, time
from pathlib import Path

name, *paths = sys.argv[1:]
reads, writes = paths[: paths.index("--")], paths[paths.index("--") + 1 :]
with Path("run/ran.log").open("a") as log:
    log.write(name + "\\n")
print(f"{name} says hello")
wait = Path("sleep") / name
end = time.monotonic() + (float(wait.read_text()) if wait.exists() else 0.2)
while time.monotonic() < end:
    time.sleep(0.05)
digest = hashlib.sha256()
for path in sorted(reads):
    files = [Path(path)] if Path(path).is_file() else sorted(p for p in Path(path).rglob("*") if p.is_file())
    for file in files:
        digest.update(file.name.encode() + file.read_bytes())
value = digest.hexdigest()
for path in writes:
    out = Path(path)
    if "." not in out.name:
        out = out / "content.txt"
    out.parent.mkdir(parents=True, exist_ok=True)
    metrics = json.dumps({"ndcg_at_10": 0.25, "digest": value})
    out.write_text(metrics if out.suffix == ".json" else name + value)
if name == "integrated_evaluation" and "fail" in Path("configs/integrated_evaluation.txt").read_text():
    sys.exit("the gate says no: ndcg_at_10 0.01, at least 0.02 was asked")
if name == "backend_server":
    release = Path("releases") / value[:12]
    if release.exists():
        print("the same release serves already")
    else:
        release.mkdir(parents=True)
        (release / "id.txt").write_text(value[:12])
    link = Path("releases/next")
    link.symlink_to(release.name)
    link.rename("releases/current")
    port, pid = Path("run/port").read_text(), Path("run/server.pid")
    alive = pid.exists() and Path(f"/proc/{pid.read_text()}/cmdline").exists()
    if not alive:
        command = [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1", "-d", "releases"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(command, start_new_session=True, **quiet)
        pid.write_text(str(server.pid))
'''

BACKEND_PY = '''
"""Stands where the viewers' database is asked: copies votes.txt, if there is one, to the snapshot's file."""
import sys
from pathlib import Path

votes, target = Path("votes.txt"), Path("data/feedback/ratings.parquet")
if votes.exists() and (not target.exists() or target.read_bytes() != votes.read_bytes()):
    target.write_bytes(votes.read_bytes())
print("snapshot taken")
'''


def make_project(
    folder: Path, *, server_port: int = 0, remote: Path | None = None, **airflow: object
) -> Path:
    """A git and DVC project in `folder`, committed, with nothing run yet.

    `remote` is its DVC remote, if it shall have one; `airflow` goes into configs/airflow.yaml.
    """
    graph = load_graph(ROOT / "dvc.yaml")
    made = {path for stage in graph.stages.values() for path in stage.writes}
    folder.mkdir(parents=True)
    stages = {}
    for stage in graph.stages.values():
        reads = [dep for dep in stage.deps if dep in made or dep == "data/feedback"]
        reads.append(f"configs/{stage.name}.txt")
        (folder / "configs").mkdir(exist_ok=True)
        (folder / "configs" / f"{stage.name}.txt").write_text("as it is\n")
        stages[stage.name] = {
            "desc": stage.desc,
            "cmd": f".venv/bin/python stage.py {stage.name} {' '.join(reads)} -- {' '.join(stage.writes)}",
            "deps": reads,
            "outs": list(stage.outs),
            "metrics": list(stage.metrics),
            "plots": list(stage.plots),
            "meta": dict(stage.meta),
        }
    stages["backend_server"]["outs"] = [{"results/deployment.json": {"cache": False}}]
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
    (folder / "stage.py").write_text(STAGE_PY)
    (folder / "data" / "feedback").mkdir(parents=True)
    (folder / "data" / "feedback" / ".gitignore").write_text("/ratings.parquet\n")
    shutil.copytree(ROOT / "dags", folder / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "scripts").mkdir()
    for script in ("start_airflow.py", "run_dag.py"):
        shutil.copy(ROOT / "scripts" / script, folder / "scripts")
    package = folder / "movie_genie"
    shutil.copytree(
        ROOT / "movie_genie" / "orchestration",
        package / "orchestration",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for module in ("__init__", "airflow_api", "cli", "config", "config_file", "errors", "files", "polling"):
        shutil.copy(ROOT / "movie_genie" / f"{module}.py", package)
    (package / "backend").mkdir()
    (package / "backend" / "__init__.py").touch()
    (package / "backend" / "__main__.py").write_text(BACKEND_PY)
    settings = yaml.safe_load((ROOT / "configs" / "airflow.yaml").read_text())
    settings |= {"schedule": None, "retry_delay": "1s", "max_retry_delay": "2s"} | airflow
    (folder / "configs" / "airflow.yaml").write_text(yaml.safe_dump(settings))
    (folder / ".gitignore").write_text(
        "\n".join(["/.venv", "/run/", "/releases/", "/sleep/", "/votes.txt", "__pycache__/", *sorted(made)])
    )
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    subprocess.run([DVC, "init", "-q"], cwd=folder, check=True)
    shutil.copy(ROOT / ".dvc" / "config", folder / ".dvc" / "config")
    if remote:
        subprocess.run([DVC, "remote", "add", "-q", "-d", "shared", str(remote)], cwd=folder, check=True)
    commit(folder, "A small pipeline")
    furnish(folder, server_port)
    return folder


def furnish(folder: Path, server_port: int) -> None:
    """What git does not carry: the environment, and folders for what runs leave behind."""
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "run").mkdir()
    (folder / "sleep").mkdir()
    (folder / "run" / "port").write_text(str(server_port))


def commit(folder: Path, message: str) -> None:
    """Commit everything there is."""
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *identity, "commit", "-q", "-m", message], cwd=folder, check=True)


def ran(folder: Path) -> list[str]:
    """The stages that have run since the last call, in order."""
    log = folder / "run" / "ran.log"
    names = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return names
