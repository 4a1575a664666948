"""Stage `backend_server`: publish a release, have a server take it up, see that it answers."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from operator import not_
from pathlib import Path
from typing import Any

import requests

from movie_genie.artifacts import MODELS, RESULTS, VERDICT, fingerprint, model_folders
from movie_genie.config import EvaluationConfig, ServerConfig
from movie_genie.data.schemas import RELEASED
from movie_genie.deployment.server import SERVER_URL, Server, run_folder, stop
from movie_genie.errors import UserError
from movie_genie.files import read_json, write_json
from movie_genie.polling import poll
from movie_genie.releases import store as releases
from movie_genie.releases.content import MANIFEST
from movie_genie.revisions import code_revision

REQUEST_SECONDS = 5.0
POLL_SECONDS = 0.05

log = logging.getLogger(__name__)


def deploy(
    config: ServerConfig,
    gate: EvaluationConfig,
    project: Path,
    environment: Mapping[str, str],
    settings: str,
) -> None:
    """Publish the project's outputs if the gate passes them, and write results/deployment.json.

    Parameters
    ----------
    gate
        What the gate asks, in case it must ask again.
    settings
        See `Server`.

    Raises
    ------
    UserError
        When the gate refuses, the release would not serve, the port is taken, or no server takes the release
        up. What was in service before then still is, unless it is the server itself that cannot start.
    """
    verdict = passed_verdict(project)
    folder = releases.releases_folder(project, environment)
    candidate = releases.publish(project, folder, datetime.now(UTC))
    serving = releases.current(folder)
    refusal = None
    if serving is not None and releases.is_withdrawn(folder, candidate):
        again = f"{releases.COMMAND} activate {candidate}"
        log.warning("release %s was rolled back: %s stays; `%s` takes it up again", candidate, serving, again)
        release_id = serving
    elif serving is not None and serving not in (candidate, verdict.get("incumbent")):
        refusal = why_worse(gate, project, folder, candidate)
        release_id = serving if refusal else candidate
    else:
        release_id = candidate
    if release_id != serving:
        releases.activate(folder, release_id)
        log.info("release %s is current", release_id)
    url = environment.get(SERVER_URL)
    if url:
        wait_for_release(url.rstrip("/"), release_id, config, died=lambda: None)
    else:
        server = Server(config, project, run_folder(project, environment), settings)
        bring_up(server, release_id, environment)
    log.info("release %s is being served at %s", release_id, url or f"http://localhost:{config.port}")
    for removed in releases.prune(folder, config.keep_releases):
        log.info("release %s is removed", removed)
    if refusal:
        raise UserError(refusal)
    write_json(project / RESULTS / "deployment.json", report(config, folder / release_id, url))


def passed_verdict(project: Path) -> dict[str, Any]:  # Any: a JSON document
    """Read the gate's verdict; it must be a pass, and of the models that are there now.

    Raises
    ------
    UserError
        Naming the checks that failed, or the models that were trained since.
    """
    gate = project / RESULTS / VERDICT
    verdict = read_json(gate)
    if verdict.get("passed") is not True:
        failed = [
            str(check.get("name"))
            for check in verdict.get("checks", [])
            if check.get("status") == "required" and check.get("passed") is not True
        ]
        reason = f" ({', '.join(failed)})" if failed else ""
        raise UserError(f"{gate}: the gate did not pass{reason}; nothing is published, the old release stays")
    folders = model_folders(project, RELEASED)
    judged = verdict.get("models", {})
    newer = [
        name for name, found in judged.items() if name not in folders or fingerprint(folders[name]) != found
    ]
    if newer:
        raise UserError(
            f"{gate}: the verdict is of other weights than those of {' and '.join(newer)}; run the evaluation "
            "first (dvc repro); nothing is published, the old release stays"
        )
    return verdict


def why_worse(gate: EvaluationConfig, project: Path, folder: Path, release_id: str) -> str | None:
    """Judge the project's models again, against the release in service now; None where they pass.

    DVC cannot see which release that is. So it may bring a verdict back from its cache that compares with
    another one, from before a rollback for instance.
    """
    # The table libraries load only where they are needed.
    from movie_genie.deployment.rejudge import failures_against

    serving = releases.current(folder)
    log.info("the gate's verdict compares with another release than %s: judged again", serving)
    failed = failures_against(folder, gate, project)
    if not failed:
        return None
    return (
        f"release {release_id} is worse than {serving}, which stays in service: {'; '.join(failed)}; "
        f"`{releases.COMMAND} activate {release_id}` takes it up all the same"
    )


def bring_up(server: Server, release_id: str, environment: Mapping[str, str]) -> None:
    """Start this checkout's server, or start it anew where its code or settings changed, and wait for it.

    Raises
    ------
    UserError
    """
    if server.pid() is not None:
        if server.runs_as_configured() and health(server.url).get("code") == code_revision():
            wait_for_release(server.url, release_id, server.config, died=_death_of(server))
            return
        log.info("the server's code or settings changed, or it does not answer: it is started anew")
        stop(server.pid_file)
    server.start(environment)
    wait_for_release(server.url, release_id, server.config, died=_death_of(server))


def wait_for_release(url: str, release_id: str, config: ServerConfig, died: Callable[[], str | None]) -> None:
    """Wait until each of a server's workers has answered from the release.

    Parameters
    ----------
    died
        Gives the reason when the server is gone and waiting is in vain.

    Raises
    ------
    UserError
        After `start_timeout_seconds`.
    """
    agreeing: set[object] = set()

    def missing() -> str | None:
        ready = _get(f"{url}/api/ready")
        serving, worker = ready.get("release_id"), ready.get("worker")
        if serving != release_id:
            agreeing.discard(worker)
            if reason := died():
                raise UserError(f"the server did not start: {reason}")
        else:
            agreeing.add(worker)
            if len(agreeing) >= ready.get("workers", 1):
                return None
        if agreeing:
            return f"only {len(agreeing)} of {ready.get('workers', 'its')} workers answered from it"
        return f"serves {serving}" if serving else "is not ready"

    seconds = config.start_timeout_seconds
    if state := poll(missing, not_, every=POLL_SECONDS, within=seconds):
        raise UserError(f"{url}: release {release_id} is not in service after {seconds:.0f} s: {state}")


def health(url: str) -> dict[str, Any]:  # Any: a JSON answer
    """What a server says of its process; empty when it does not answer."""
    return _get(f"{url}/api/health")


def report(config: ServerConfig, release: Path, url: str | None) -> dict[str, Any]:  # Any: a JSON document
    """What results/deployment.json says; the same deployment gives the same bytes."""
    files = read_json(release / MANIFEST)["files"]
    return {
        "status": "serving",
        "port": config.port,
        "server_url": url,
        "release_id": release.name,
        "server_code": code_revision(),
        "models": {name: sha256 for name, sha256 in sorted(files.items()) if name.startswith(f"{MODELS}/")},
    }


def _death_of(server: Server) -> Callable[[], str | None]:
    """Ask for a server's last words once it is gone; a daemon has a moment to write its pid file."""
    patience = time.monotonic() + REQUEST_SECONDS

    def died() -> str | None:
        gone = server.pid() is None and time.monotonic() > patience
        return server.last_words() if gone else None

    return died


def _get(url: str) -> dict[str, Any]:  # Any: a JSON answer
    try:
        answer = requests.get(url, timeout=REQUEST_SECONDS)
        value = answer.json() if answer.ok else {}
    except (requests.RequestException, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
