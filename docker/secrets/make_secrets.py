"""Write every secret of the stack that is not there yet, one file each: from .env, or else random.

Runs before everything else, on a volume that only the services read: `make_secrets.py FOLDER`. What is there
stays, as databases were made with it. Weak and example values are refused. `make_secrets.py --env` prints an .env
with new values instead. Standard library only.
"""

import base64
import os
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

NAMES = (
    "postgres_password",
    "airflow_database_password",
    "backend_database_password",
    "mlflow_database_password",
    "secret_key",
    "admin_password",
    "airflow_admin_password",
    "airflow_jwt_secret",
    "airflow_api_secret",
    "airflow_fernet_key",
    "grafana_password",
)
"""Files, and in capitals the variables of .env."""

LEAST, LEAST_OF_KEYS = 12, 32
KEYS = ("secret_key", "airflow_jwt_secret", "airflow_api_secret")
EXAMPLES = re.compile(r"password|change|secret|example|admin|postgres|airflow|default", re.IGNORECASE)
ALLOWED = re.compile(r"[A-Za-z0-9_.~=-]+")
"""What needs no quoting, neither in a shell nor in a database's address."""


class WeakError(Exception):
    """One line: which variable, what is wrong, what to do."""


def generate(name: str) -> str:
    """A random value for the secret."""
    if name == "airflow_fernet_key":
        return base64.urlsafe_b64encode(os.urandom(32)).decode()
    return secrets.token_hex(32) if name in KEYS else secrets.token_hex(12)


def check(name: str, value: str) -> None:
    """Refuse what can be guessed, or is no key.

    Raises
    ------
    WeakError
    """
    variable = name.upper()
    least = LEAST_OF_KEYS if name in KEYS else LEAST
    if not ALLOWED.fullmatch(value):
        raise WeakError(f"{variable}: expected letters, digits and -_.~= only")
    if len(value) < least or len(set(value)) < 6:
        raise WeakError(
            f"{variable}: too weak; expected at least {least} random characters, as `make env` writes"
        )
    if EXAMPLES.search(value):
        raise WeakError(
            f"{variable}: looks like an example; expected random characters, as `make env` writes"
        )
    if name == "airflow_fernet_key" and len(value) != len(generate(name)):
        raise WeakError(f"{variable}: expected 32 bytes in URL-safe base64, as `make env` writes")


def choose(name: str, kept: str | None, given: str) -> str:
    """The secret's value: as it is kept, given, or new.

    Raises
    ------
    WeakError
        When the given value is weak, or is not the one in use.
    """
    if given:
        check(name, given)
        if kept not in (None, given):
            raise WeakError(
                f"{name.upper()}: is not the value in use; take it out of .env, or change it where it is used as "
                "docs/how-to/docker-deployment.md says"
            )
    return kept or given or generate(name)


def main(folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Write what is missing; returns the names of what was written."""
    made = []
    for name in NAMES:
        path = folder / name
        kept = path.read_text() if path.exists() else None
        value = choose(name, kept, environment.get(name.upper(), ""))
        if kept is None:
            temporary = folder / f".{name}"
            temporary.write_text(value)
            temporary.chmod(0o444)  # the services run as different users; nobody else sees the volume
            temporary.replace(path)
            made.append(name)
    return made


ENV = """\
# Read by docker compose; docs/how-to/docker-deployment.md has every setting. Keep it to yourself.
# PyTorch without what only GPUs need (the image is gigabytes smaller):
# TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu
# WEB_PORT=8000
# AIRFLOW_PORT=8080
# MLFLOW_PORT=5002
"""

if __name__ == "__main__":
    if sys.argv[1:] == ["--env"]:
        print(ENV + "\n".join(f"{name.upper()}={generate(name)}" for name in NAMES))
        sys.exit()
    try:
        new = main(Path(sys.argv[1]), os.environ)
    except WeakError as error:
        sys.exit(f"error: {error}")
    print(f"{len(new)} secrets made, {len(NAMES) - len(new)} kept")
    print("The first admin of the app and of Airflow is `admin`. Their passwords (or: make passwords):")
    print("  docker compose exec backend cat /run/secrets/admin_password")
    print("  docker compose exec backend cat /run/secrets/airflow_admin_password")
