"""Settings from the environment: what is weak or wrong is refused in one line."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from movie_genie.backend.settings import Settings, read_settings, secret_key
from movie_genie.errors import UserError

STRONG = "8f3b1c7e2a9d4f60b5c8e1a7d2f9306c"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MOVIE_GENIE_ENV": "prod"}, "MOVIE_GENIE_ENV: expected 'development' or 'production', got 'prod'"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES: expected greater than or equal to 0, got '-1'"),
        ({"MAX_UPLOAD_MB": "many"}, "MAX_UPLOAD_MB: expected a valid integer"),
        ({"POSTERS": "none"}, "POSTERS: expected 'proxy' or 'direct', got 'none'"),
        ({"CORS_ORIGINS": "https://a.example, *"}, "CORS_ORIGINS: a star"),
        ({"CORS_ORIGINS": "https://.*\\.example"}, "CORS_ORIGINS: expected origins such as"),
        ({"CORS_ORIGINS": "https://*.example"}, "CORS_ORIGINS: expected origins such as"),
        ({"CORS_ORIGINS": "films.example"}, "CORS_ORIGINS: expected origins such as"),
        ({"CORS_ORIGINS": "https://films.example/"}, "CORS_ORIGINS: expected origins such as"),
        ({"CORS_ORIGINS": "null"}, "CORS_ORIGINS: expected origins such as"),
    ],
)
def test_a_wrong_variable_is_named_with_what_was_expected(environment: dict[str, str], words: str):
    with pytest.raises(UserError) as refused:
        read_settings(environment)
    assert str(refused.value).startswith(words)


def test_an_empty_variable_counts_as_not_set():
    assert read_settings({"MOVIE_GENIE_ENV": "", "DATABASE_URL": ""}) == Settings()


def test_other_programs_variables_do_not_matter():
    assert read_settings({"PATH": "/bin", "HOME": "/root"}) == Settings()


@pytest.mark.parametrize("key", ["", "secret", "changeme", "x" * 64, "abcabcabcabcabcabcabcabcabcabcabcabc"])
def test_a_weak_secret_is_refused_in_production(key: str):
    with pytest.raises(UserError, match="SECRET_KEY"):
        secret_key(Settings(environment="production", secret_key=key))


def test_a_strong_secret_is_taken_as_it_is():
    assert secret_key(Settings(environment="production", secret_key=STRONG)) == STRONG.encode()


def test_in_development_a_secret_is_made_once_and_kept_from_others(tmp_path: Path):
    settings = Settings(run_folder=tmp_path / "run")
    with ThreadPoolExecutor(8) as workers:  # as gunicorn's workers do, which start at the same time
        keys = set(workers.map(lambda _: secret_key(settings), range(8)))
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    kept = tmp_path / "run/secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [file.name for file in kept.parent.iterdir()] == ["secret_key"]


def test_secrets_do_not_show_in_a_log():
    addresses = {
        "database_url": "postgresql://films:hush-hush@h/d",
        "rate_limit_storage": "redis://:hush-hush@h",
    }
    shown = repr(Settings(secret_key=STRONG, airflow_password="hush-hush", **addresses))
    assert STRONG not in shown
    assert "hush-hush" not in shown
