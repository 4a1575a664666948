"""Airflow's settings and secrets on this machine."""

from pathlib import Path

import pytest

from movie_genie.config import AirflowConfig
from movie_genie.config_file import load_config
from movie_genie.errors import UserError
from movie_genie.orchestration.airflow_home import environment, load_secrets, make_secrets

CONFIG = load_config(Path(__file__).parents[2] / "configs" / "airflow.yaml", AirflowConfig)


def test_secrets_are_random_kept_and_readable_by_their_owner_only(tmp_path):
    made = make_secrets(tmp_path / "home")
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0
    assert load_secrets(tmp_path / "home") == made
    assert make_secrets(tmp_path / "other") != made
    assert len(made.admin_password) >= 16
    for path in (tmp_path / "home").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert load_secrets(tmp_path / "nowhere") is None


def test_broken_secrets_are_named(tmp_path):
    (tmp_path / "secrets.json").write_text("{}")
    with pytest.raises(UserError, match=r"secrets\.json"):
        load_secrets(tmp_path)


def test_the_port_reaches_every_setting_that_must_agree(tmp_path):
    config = CONFIG.model_copy(update={"port": 8091})
    settings = environment(tmp_path, config, make_secrets(tmp_path), {})
    assert settings["AIRFLOW__API__PORT"] == "8091"
    assert settings["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8091"
    assert settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8091/execution/"


def test_what_the_operator_has_set_is_kept(tmp_path):
    own = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://db", "AIRFLOW__CORE__LOAD_EXAMPLES": "True"}
    settings = environment(tmp_path, CONFIG, make_secrets(tmp_path), own)
    assert settings.items() >= own.items()


def test_another_airflows_folder_is_never_ours(tmp_path):
    settings = environment(tmp_path, CONFIG, make_secrets(tmp_path), {"AIRFLOW_HOME": "/srv/other"})
    assert settings["AIRFLOW_HOME"] == str(tmp_path / "run" / "airflow")


def test_workers_meet_only_where_the_executor_asks_for_it(tmp_path):
    secrets = make_secrets(tmp_path)
    assert not any("CELERY" in key for key in environment(tmp_path, CONFIG, secrets, {}))
    celery = CONFIG.model_copy(update={"executor": "CeleryExecutor"})
    settings = environment(tmp_path, celery, secrets, {})
    assert settings["AIRFLOW__CELERY__BROKER_URL"] == CONFIG.celery.broker_url
    assert settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{CONFIG.celery.api_url}/execution/"
