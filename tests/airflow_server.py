"""An edge of the network: a server that speaks as Airflow's REST API (version 2) does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

RUN = "manual__2026-01-01T00:00:00+00:00"


class Airflow:
    """A server that answers the three calls as Airflow's REST API does."""

    def __init__(self) -> None:
        self.runs: list[str] = [RUN]
        self.states = {"ingest": "success", "bert4rec_training": "running", "backend_server": None}
        self.asked: list[str] = []
        self.token = "token-1"
        self.sign_ins = 0
        self.status = 0  # given in place of every answer's own
        self.page: bytes | None = None  # given in place of every answer to a question
        airflow = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                airflow.sign_ins += 1
                given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                right = given == {"username": "admin", "password": "right"}
                self.reply(201 if right else 401, {"access_token": airflow.token} if right else {})

            def do_GET(self) -> None:
                airflow.asked.append(self.path)
                if self.headers["Authorization"] != f"Bearer {airflow.token}":
                    self.reply(401, {})
                elif "/taskInstances" in self.path:
                    tasks = [{"task_id": name, "state": state} for name, state in airflow.states.items()]
                    self.reply(200, {"task_instances": tasks})
                else:
                    runs = [{"dag_run_id": run, "state": "running"} for run in airflow.runs]
                    self.reply(200, {"dag_runs": runs})

            def reply(self, status: int, body: object) -> None:
                status = airflow.status or status
                self.send_response(status)
                self.end_headers()
                asked = self.command == "GET" and airflow.page is not None
                self.wfile.write(airflow.page if asked else json.dumps(body).encode())

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
