"""Settings of the web process, read once from the environment; what is weak is refused here."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError

from movie_genie.errors import UserError
from movie_genie.private_files import private_folder

Environment = Literal["development", "production"]

SHORTEST_SECRET = 32
"""Characters below which a SECRET_KEY can be guessed offline."""

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""Host headers that are always answered; TRUSTED_HOSTS adds to them."""

_an_origin = re.compile(
    r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.IGNORECASE
).fullmatch


class Settings(BaseModel):
    """Every variable the backend knows; the alias is the variable's name."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="ignore")

    environment: Annotated[Environment, Field(alias="MOVIE_GENIE_ENV")] = "development"
    releases: Annotated[Path, Field(alias="MOVIE_GENIE_RELEASES")] = Path("releases")
    run_folder: Annotated[Path, Field(alias="MOVIE_GENIE_RUN")] = Path("run")
    database_url: Annotated[str, Field(alias="DATABASE_URL", repr=False)] = ""
    secret_key: Annotated[str, Field(alias="SECRET_KEY", repr=False)] = ""
    trusted_hosts: Annotated[str, Field(alias="TRUSTED_HOSTS")] = ""
    trusted_proxies: Annotated[NonNegativeInt, Field(alias="TRUSTED_PROXIES")] = 0
    secure_cookies: Annotated[bool | None, Field(alias="SESSION_COOKIE_SECURE")] = None
    cors_origins: Annotated[str, Field(alias="CORS_ORIGINS")] = ""
    rate_limit: Annotated[str, Field(alias="RATELIMIT")] = "1200 per minute"
    rate_limit_storage: Annotated[str, Field(alias="RATELIMIT_STORAGE_URI", repr=False)] = "memory://"
    workers: Annotated[PositiveInt, Field(alias="WEB_CONCURRENCY")] = 1
    max_upload_mb: Annotated[PositiveInt, Field(alias="MAX_UPLOAD_MB")] = 10
    posters: Annotated[Literal["proxy", "direct"], Field(alias="POSTERS")] = "proxy"
    airflow_url: Annotated[str, Field(alias="AIRFLOW_URL")] = ""
    airflow_user: Annotated[str, Field(alias="AIRFLOW_USER")] = ""
    airflow_password: Annotated[str, Field(alias="AIRFLOW_PASSWORD", repr=False)] = ""

    @property
    def production(self) -> bool:
        """Whether the strict rules hold: a strong SECRET_KEY, secure cookies, JSON logs."""
        return self.environment == "production"

    @property
    def database(self) -> str:
        """DATABASE_URL, or an SQLite file in the run folder."""
        return self.database_url or f"sqlite:///{(self.run_folder / 'movie_genie.db').absolute()}"

    @property
    def hosts(self) -> list[str]:
        """Host headers that are answered."""
        return [*LOCAL_HOSTS, *_listed(self.trusted_hosts)]

    @property
    def origins(self) -> list[str]:
        """Foreign origins whose pages may call the API; none unless asked."""
        return _listed(self.cors_origins)

    @property
    def cookies_need_tls(self) -> bool:
        """Whether the session cookie is marked Secure even when a request came over plain HTTP."""
        return self.production if self.secure_cookies is None else self.secure_cookies


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from variables.

    Raises
    ------
    UserError
        One line naming the variable, what was expected and what was found.
    """
    given = {name: value for name, value in environment.items() if value}
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        expected = problem["msg"].removeprefix("Input should be ")
        raise UserError(f"{problem['loc'][0]}: expected {expected}, got {problem['input']!r}") from None
    if "*" in settings.origins:
        raise UserError("CORS_ORIGINS: a star would let any page act for its visitor; name the origins")
    for origin in settings.origins:
        if not _an_origin(origin):
            raise UserError(
                f"CORS_ORIGINS: expected origins such as https://films.example:8443, got {origin!r}"
            )
    return settings


def secret_key(settings: Settings) -> bytes:
    """Return the key that CSRF tokens are made with.

    In development a missing key is made once and kept in the run folder, readable by its owner alone, so that
    workers agree on it and sessions outlive a restart.

    Raises
    ------
    UserError
        When the key is missing in production, or weak.
    """
    key = settings.secret_key
    if not key and not settings.production:
        return _kept_key(settings.run_folder / "secret_key")
    if not key:
        raise UserError(f"SECRET_KEY: missing; set it to {SHORTEST_SECRET} random characters or more")
    if len(key) < SHORTEST_SECRET or len(set(key)) < 10:
        raise UserError(
            f"SECRET_KEY: too weak; expected at least {SHORTEST_SECRET} random characters, for instance from "
            "`python -c 'import secrets; print(secrets.token_hex(32))'`"
        )
    return key.encode()


def _kept_key(path: Path) -> bytes:
    """Read the key file, or make it; of several processes that make it at once, the first one's counts."""
    private_folder(path.parent)
    if not path.exists():
        own = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(own, path)  # unlike a rename, fails where another process was first
        except FileExistsError:
            pass
        finally:
            own.unlink()
    return path.read_bytes()


def _listed(value: str) -> list[str]:
    """The entries of a comma-separated variable."""
    return [entry.strip() for entry in value.split(",") if entry.strip()]
