"""A project to deploy, and a server that somebody else runs."""

import json
import os
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from movie_genie.releases import store as releases


@pytest.fixture
def project(tiny_project, tiny_releases, tmp_path):
    """A project whose release is published, so that a deployment has less to write."""
    project = Path(shutil.copytree(tiny_project, tmp_path / "project"))
    target = project / "releases"
    shutil.copytree(tiny_releases, target, symlinks=True, copy_function=os.link)
    (target / "current").unlink()
    return project


@pytest.fixture
def foreign_server(project):
    """A server of two workers that somebody else runs: it reports what `current` names, `lag` requests late."""
    state = {"requests": 0, "lag": 3, "busy": 4}

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self):
            state["requests"] += 1
            current = releases.current(project / "releases")
            late = state["requests"] <= state["lag"]
            after = state["requests"] - state["lag"]
            ready = {
                "release_id": "old" if late else current,
                "worker": 1
                if after <= state["busy"]
                else 1 + after % 2,  # chance may keep the other one waiting
                "workers": 2,
            }
            body = json.dumps(ready).encode()
            self.send_response(200 if self.path == "/api/ready" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Ready) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", state
        server.shutdown()
        thread.join()
