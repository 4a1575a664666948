"""Airflow's folder and settings on this machine: what `make airflow` and its workers are started with.

`airflow standalone` alone would keep its files in the user's home, shared with any other Airflow there, and
make secrets that no worker on another machine knows. docs/how-to/scheduling-with-airflow.md lists each setting.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from movie_genie.config import AirflowConfig
from movie_genie.errors import UserError

HOME = Path("run") / "airflow"
"""Airflow's database, logs and secrets, inside the project; git ignores it."""

ADMIN = "admin"


@dataclass(frozen=True)
class Secrets:
    """Random values made at the first start. Workers on other machines need the same ones."""

    admin_password: str
    jwt_secret: str
    api_secret_key: str
    fernet_key: str


def load_secrets(home: Path) -> Secrets | None:
    """The secrets of an Airflow that was started before, or None."""
    try:
        return Secrets(**json.loads((home / "secrets.json").read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise UserError(
            f"{home / 'secrets.json'}: not as Airflow's start wrote it ({error}); remove it"
        ) from error


def make_secrets(home: Path) -> Secrets:
    """Generate secrets, and keep them where only this user reads them."""
    made = Secrets(
        admin_password=secrets.token_urlsafe(15),
        jwt_secret=secrets.token_urlsafe(48),
        api_secret_key=secrets.token_urlsafe(32),
        fernet_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
    )
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)  # Airflow's own files in it (database, settings, logs) are as the umask has it
    _write_private(home / "secrets.json", asdict(made))
    _write_private(home / "passwords.json", {ADMIN: made.admin_password})
    return made


def _write_private(path: Path, value: Mapping[str, str]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(value, file)


def environment(
    project: Path, config: AirflowConfig, known: Secrets, inherited: Mapping[str, str]
) -> dict[str, str]:
    """The environment of every Airflow process; a setting that `inherited` already has is kept.

    So a PostgreSQL, say, is chosen by setting AIRFLOW__DATABASE__SQL_ALCHEMY_CONN before `make airflow`.
    """
    home = project / HOME
    api = f"http://{config.host}:{config.port}"
    several_machines = config.executor == "CeleryExecutor"
    api_for_tasks = config.celery.api_url if several_machines else api
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(project / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": config.executor,
        "AIRFLOW__CORE__PARALLELISM": str(sum(config.pools.values())),  # as many processes wait for tasks
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{api_for_tasks}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__FERNET_KEY": known.fernet_key,
        "AIRFLOW__API__HOST": config.host,
        "AIRFLOW__API__PORT": str(config.port),
        "AIRFLOW__API__BASE_URL": api,
        "AIRFLOW__API__SECRET_KEY": known.api_secret_key,
        "AIRFLOW__API_AUTH__JWT_SECRET": known.jwt_secret,
        # Trainings may leave the API server little of the machine: a slow answer must not end a task.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "10",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",  # nothing of ours talks to a network unasked
    }
    if several_machines:
        settings |= {
            "AIRFLOW__CELERY__BROKER_URL": config.celery.broker_url,
            "AIRFLOW__CELERY__RESULT_BACKEND": config.celery.result_backend,
        }
    # but for its folder: another Airflow's, exported by chance, would be migrated and run
    return {**settings, **inherited, "AIRFLOW_HOME": str(home)}
