"""What Airflow is told when a task ends."""

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from movie_genie.orchestration.task_events import failure_message, post, push_metrics


class Pushed(dict[str, object]):
    def xcom_push(self, key: str, value: object) -> None:
        self[key] = value


def test_metrics_are_pushed_by_file_and_what_is_no_metric_is_left(tmp_path: Path):
    (tmp_path / "two_tower").mkdir()
    metrics = tmp_path / "two_tower" / "metrics.json"
    metrics.write_text('{"ndcg_at_10": 0.15}')
    table = tmp_path / "two_tower" / "table.csv"
    table.write_text("a,b")
    pushed = Pushed()
    push_metrics([metrics, table, tmp_path / "missing.json"])({"ti": pushed})
    assert pushed == {"two_tower/metrics.json": {"ndcg_at_10": 0.15}}


def context(error: object) -> dict[str, object]:
    task = SimpleNamespace(dag_id="d", task_id="t", run_id="r", try_number=2, log_url="http://airflow/log")
    return {"ti": task, "exception": error}


def test_a_failure_says_what_failed_why_and_where_to_look():
    message = failure_message(context(ValueError("exit\ncode 1")))
    assert message["text"] == "d: t failed in run r: exit code 1"
    assert (message["try_number"], message["log_url"]) == (2, "http://airflow/log")
    json.dumps(message)


@pytest.fixture
def hook():
    """A web server that keeps what is posted to it, and answers as told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(self.server.answer)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.posted, server.answer = [], 200
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_failure_is_posted_as_json(hook):
    post(f"http://127.0.0.1:{hook.server_port}/secret", failure_message(context("why")))
    assert [message["task_id"] for message in hook.posted] == ["t"]


@pytest.mark.parametrize("kind", ["refuses", "is away", "is no web address"])
def test_a_webhook_that_does_not_work_is_logged_without_its_address_and_stops_nothing(hook, kind, caplog):
    hook.answer = 500
    address = {
        "refuses": f"http://127.0.0.1:{hook.server_port}/secret",
        "is away": "http://127.0.0.1:9/secret",
        "is no web address": "file:///etc/secret",
    }[kind]
    with caplog.at_level(logging.ERROR):
        post(address, failure_message(context("why")))
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text
