import json
import os
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import tiny
from deployable import config

from movie_genie.backend import gunicorn_config
from movie_genie.config import EvaluationConfig
from movie_genie.config_file import load_config
from movie_genie.deployment import deploy as deploy_module
from movie_genie.deployment.deploy import passed_verdict, wait_for_release
from movie_genie.deployment.server import Server, stop
from movie_genie.errors import UserError
from movie_genie.releases import store as releases

CONFIG = Path(__file__).parents[2] / "configs/evaluation.yaml"


def deploy(server, project, environment):
    """Deploy what the gate passed; it asks for nothing that a release in service could do better."""
    gate = load_config(CONFIG, EvaluationConfig)
    checks = [check for check in gate.gate if check.against != "incumbent"]
    gate = gate.model_copy(update={"gate": checks})
    deploy_module.deploy(server, gate, project, environment, gunicorn_config.__name__)


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (
            {
                "passed": False,
                "checks": [
                    {"name": "absolute floor", "status": "required", "passed": False},
                    {"name": "twice popularity", "status": "required", "passed": True},
                    {"name": "sequential ridge", "status": "reported", "passed": False},
                ],
            },
            r"the gate did not pass \(absolute floor\); nothing is published",
        ),
        ({"passed": "yes"}, "the gate did not pass; nothing"),
        ({}, "the gate did not pass; nothing"),
    ],
)
def test_without_a_pass_nothing_is_published_and_the_failed_checks_are_named(project, verdict, line):
    (project / "results/gate.json").write_text(json.dumps(verdict))
    before = sorted(project.rglob("*"))
    with pytest.raises(UserError, match=line):
        deploy(config(), project, {})
    assert sorted(project.rglob("*")) == before


def test_a_missing_verdict_is_no_pass(tmp_path):
    with pytest.raises(UserError, match=r"gate\.json: not found"):
        passed_verdict(tmp_path)


def test_a_verdict_is_of_the_models_that_it_judged_and_no_others(project):
    before = sorted(project.glob("releases/*"))
    tiny.write_models(project, len(tiny.FILMS), seed=8)  # trained again, and not evaluated
    with pytest.raises(
        UserError,
        match="the verdict is of other weights than those of two_tower and sequential_ridge and bert4rec",
    ):
        deploy(config(), project, {})
    assert sorted(project.glob("releases/*")) == before


@pytest.mark.usefixtures("linked_text_model")
def test_where_somebody_else_runs_the_server_none_is_started_and_its_release_is_awaited(
    project, foreign_server
):
    url, state = foreign_server
    deploy(config(), project, {"MOVIE_GENIE_SERVER_URL": url + "/"})
    assert state["requests"] == 3 + 4 + 1  # three late answers, four from one worker, one from the other
    assert not (project / "run").exists()
    report = json.loads((project / "results/deployment.json").read_text())
    assert report["release_id"] == releases.current(project / "releases")
    assert report["status"] == "serving"
    assert set(report["models"]) >= {"models/two_tower/model.safetensors", "models/bert4rec/network.onnx"}


@pytest.mark.usefixtures("linked_text_model")
def test_the_same_deployment_writes_the_same_bytes_and_publishes_nothing(project, foreign_server):
    environment = {"MOVIE_GENIE_SERVER_URL": foreign_server[0]}
    deploy(config(), project, environment)
    before = (project / "results/deployment.json").read_bytes()
    releases_before = sorted((project / "releases").iterdir())
    (project / "results/deployment.json").unlink()  # as DVC does
    deploy(config(), project, environment)
    assert (project / "results/deployment.json").read_bytes() == before
    assert sorted((project / "releases").iterdir()) == releases_before


@pytest.mark.usefixtures("linked_text_model")
def test_what_was_rolled_back_does_not_come_back_with_the_next_night(project, foreign_server, tmp_path):
    environment, folder = {"MOVIE_GENIE_SERVER_URL": foreign_server[0]}, project / "releases"
    former = releases.publish(tiny.make_project(tmp_path / "other", seed=8), folder, datetime.now(UTC))
    releases.activate(folder, former)
    deploy(config(), project, environment)
    bad = releases.current(folder)
    assert bad not in (None, former)
    assert releases.rollback(folder) == former

    deploy(config(), project, environment)  # the same outputs: the same release
    assert releases.current(folder) == former
    assert json.loads((project / "results/deployment.json").read_text())["release_id"] == former

    releases.activate(folder, bad)  # somebody wants it after all
    deploy(config(), project, environment)
    assert releases.current(folder) == bad


@pytest.mark.usefixtures("linked_text_model")
def test_a_server_that_stays_with_the_old_release_fails_the_stage(project, foreign_server):
    url, state = foreign_server
    state["lag"] = 10**9
    with pytest.raises(UserError, match=r"release [0-9a-f]{12} is not in service after 0 s: serves old"):
        deploy(config(seconds=0.3), project, {"MOVIE_GENIE_SERVER_URL": url})
    assert not (project / "results/deployment.json").exists()


@pytest.mark.usefixtures("linked_text_model")
def test_a_server_of_which_one_worker_never_follows_fails_the_stage(project, foreign_server):
    url, state = foreign_server
    state |= {"lag": 0, "busy": 10**9}
    with pytest.raises(UserError, match="only 1 of 2 workers answered from it"):
        deploy(config(seconds=0.3), project, {"MOVIE_GENIE_SERVER_URL": url})


def test_a_server_that_died_is_reported_with_its_last_words():
    with pytest.raises(UserError, match="the server did not start: no such table"):
        wait_for_release("http://127.0.0.1:9", "0123456789ab", config(), died=lambda: "no such table")


@pytest.mark.slow
def test_a_server_is_started_kept_restarted_for_new_code_and_stopped(project, monkeypatch, tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        port = free.server_port
    environment = {**os.environ, "MOVIE_GENIE_ENV": "development"}
    server = Server(config(port), project, project / "run", gunicorn_config.__name__)
    try:
        deploy(config(port), project, environment)
        first = server.pid()
        assert first is not None
        assert requests.get(f"{server.url}/api/health", timeout=5).json()["status"] == "ok"
        assert "Movie Genie" in requests.get(server.url, timeout=5).text

        deploy(config(port), project, environment)
        assert server.pid() == first  # nothing changed

        other = tiny.make_project(tmp_path / "other", seed=8)
        published = releases.publish(other, project / "releases", datetime.now(UTC))
        releases.activate(project / "releases", published)
        wait_for_release(server.url, published, config(port), died=lambda: None)
        assert server.pid() == first  # a new release needs no restart

        monkeypatch.setattr(deploy_module, "code_revision", lambda: "newer")
        deploy(config(port), project, environment)
        second = server.pid()
        assert second not in (None, first)

        os.kill(second, 9)
        deploy(config(port), project, environment)
        assert server.pid() not in (None, first, second)
    finally:
        stop(server.pid_file)
    assert server.pid() is None


@pytest.mark.slow
def test_a_server_that_cannot_start_says_why(project):
    environment = {**os.environ, "MOVIE_GENIE_ENV": "production", "SECRET_KEY": "weak"}
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        port = free.server_port
    with pytest.raises(UserError, match=r"the server did not start: SECRET_KEY: .*server\.log"):
        deploy(config(port), project, environment)
    assert Server(config(port), project, project / "run", gunicorn_config.__name__).pid() is None
