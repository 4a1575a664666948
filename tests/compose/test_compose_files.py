"""The compose file is valid whatever is switched on; secrets are made, kept and never weak. Fast."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest
import yaml
from stack import SMALL

from movie_genie.config import Bert4RecConfig, EvaluationConfig, TwoTowerConfig
from movie_genie.config_file import Config, parse_config

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docker/secrets/make_secrets.py"


def make_secrets(folder: Path, **given: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, SCRIPT, folder],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "", **given},
    )


def test_secrets_are_made_once_and_kept(tmp_path: Path):
    assert make_secrets(tmp_path).returncode == 0
    first = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert len(set(first.values())) == len(first) == len(runpy.run_path(str(SCRIPT))["NAMES"])
    again = make_secrets(tmp_path)
    assert "0 secrets made" in again.stdout
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == first
    assert not any(secret in again.stdout for secret in first.values()), "secrets are not for the log"


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("ADMIN_PASSWORD", "short7", "too weak"),
        ("ADMIN_PASSWORD", "aaaaaaaaaaaaaaaaaaaa", "too weak"),
        ("POSTGRES_PASSWORD", "change-me-please-1234", "looks like an example"),
        ("SECRET_KEY", "0123456789abcdef", "too weak"),
        ("POSTGRES_PASSWORD", "it's $quoted/12345xyz", "letters, digits"),
        ("AIRFLOW_FERNET_KEY", "abcdefghijklmnop", "base64"),
    ],
)
def test_weak_and_example_values_are_refused_by_name(tmp_path: Path, variable: str, value: str, reason: str):
    done = make_secrets(tmp_path, **{variable: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {variable}: ") and reason in done.stderr
    assert value not in done.stderr


def test_a_given_secret_is_used_and_another_one_later_is_refused(tmp_path: Path):
    assert make_secrets(tmp_path, ADMIN_PASSWORD="correct-horse-battery").returncode == 0
    assert (tmp_path / "admin_password").read_text() == "correct-horse-battery"
    assert make_secrets(tmp_path, ADMIN_PASSWORD="correct-horse-battery").returncode == 0
    done = make_secrets(tmp_path, ADMIN_PASSWORD="another-horse-battery")
    assert done.returncode == 1 and "not the value in use" in done.stderr


def test_the_env_that_make_writes_is_accepted_and_has_every_secret(tmp_path: Path):
    done = subprocess.run([sys.executable, SCRIPT, "--env"], check=True, capture_output=True, text=True)
    given = dict(line.split("=", 1) for line in done.stdout.splitlines() if not line.startswith("#"))
    assert make_secrets(tmp_path, **given).returncode == 0
    assert {path.name.upper(): path.read_text() for path in tmp_path.iterdir()} == given


def compose_file() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yaml").read_text())


def test_no_port_is_published_beyond_this_machine_unasked():
    ports = [port for service in compose_file()["services"].values() for port in service.get("ports", [])]
    assert ports
    for port in ports:
        assert re.match(r"127\.0\.0\.1:|\$\{\w+_BIND:-127\.0\.0\.1\}:", port), port
        assert re.search(r":\$\{\w+_PORT:-\d+\}:", port), f"{port}: cannot be chosen"


def test_every_service_that_stays_is_watched_restarted_bounded_and_has_its_log_rotated():
    for name, service in compose_file()["services"].items():
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        if service["restart"] == "unless-stopped" and "monitoring" not in service.get("profiles", []):
            assert "healthcheck" in service and "mem_limit" in service, name


def test_the_first_admin_is_made_only_where_there_is_none():
    command = compose_file()["services"]["backend-migrate"]["command"][-1]
    assert "create-admin admin --if-none <" in command


def test_nginx_sends_the_same_headers_with_files_as_the_backend_with_answers():
    from movie_genie.backend.middleware import security_headers
    from movie_genie.backend.settings import Settings

    said = (ROOT / "docker/frontend/headers.conf").read_text()
    for name, value in security_headers(Settings(POSTERS="direct")):
        assert re.search(rf'^add_header {name} "?{re.escape(value)}"? always;$', said, re.MULTILINE), name


RUN_BY_THE_IMAGE = [
    "movie_genie.backend.__main__",
    "movie_genie.backend.gunicorn_config",
    "movie_genie.deployment.server",
    "movie_genie.releases.__main__",
]

BROUGHT_BY_ANOTHER = {"werkzeug"}
"""By Flask."""


def test_the_backends_image_has_what_its_code_imports():
    """Inside functions too, which the image's build does not run."""
    graph = grimp.build_graph(
        "movie_genie", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )
    imported = {name for module in RUN_BY_THE_IMAGE for name in graph.find_upstream_modules(module)}
    packages = packages_distributions()
    needed = {plain(packages[name][0]) for name in imported if name in packages and "genie" not in name}
    lines = (ROOT / "docker/backend/requirements.txt").read_text().splitlines()
    installed = {plain(re.split(r"[\[<]", line)[0]) for line in lines if not line.startswith("#")}
    assert len(needed) > 20
    assert needed - installed == BROUGHT_BY_ANOTHER


def plain(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.skipif(shutil.which("docker") is None, reason="needs the docker command")
@pytest.mark.parametrize("profiles", [(), ("cluster",), ("monitoring",), ("cluster", "monitoring")])
def test_the_compose_file_is_valid_for_every_profile(profiles: tuple[str, ...]):
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("needs Docker Compose")
    options = [word for profile in profiles for word in ("--profile", profile)]
    command = ["docker", "compose", *options, "config", "--quiet"]
    done = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, env=dict(os.environ)
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "model"),
    [("two_tower", TwoTowerConfig), ("bert4rec", Bert4RecConfig), ("evaluation", EvaluationConfig)],
)
def test_the_settings_of_the_small_stack_are_what_the_stages_read(name: str, model: type[Config]):
    path = ROOT / f"configs/{name}.yaml"
    parse_config({**yaml.safe_load(path.read_text()), **SMALL[name]}, path, model)
