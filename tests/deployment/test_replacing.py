"""No release replaces one that the gate would prefer, whatever verdict DVC brought back from its cache."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny
from deployable import config

from movie_genie.config import EvaluationConfig
from movie_genie.config_file import load_config
from movie_genie.data import schemas
from movie_genie.deployment.deploy import deploy
from movie_genie.errors import UserError
from movie_genie.files import read_json, write_json
from movie_genie.releases import store as releases

GATE = load_config(Path(__file__).parents[2] / "configs/evaluation.yaml", EvaluationConfig)
USERS, LENGTH = 40, 5
SPLIT = {"leave_one_out_hash": "the split", "temporal_hash": "the split in time"}

GOOD, AS_GOOD, BAD = 0, 0, 9
"""0-based ranks that a model gives every film to be found."""

pytestmark = pytest.mark.usefixtures("linked_text_model", "same_process")


@pytest.fixture
def folder(project):
    return project / "releases"


@pytest.fixture
def deploy_it(project, foreign_server):
    """Deploy a project as the stage does, to the releases of `project`."""

    def run(candidate):
        environment = {"MOVIE_GENIE_SERVER_URL": foreign_server[0]}
        environment["MOVIE_GENIE_RELEASES"] = str(project / "releases")
        deploy(config(), GATE, candidate, environment, "not_started")
        return releases.current(project / "releases")

    return run


def evaluated(root: Path, seed: int, rank: int, incumbent: str | None) -> Path:
    """A project whose evaluation found every film at `rank`, and passed against `incumbent`."""
    tiny.make_project(root, seed)
    random = np.random.default_rng(7)
    films = np.concatenate([random.permutation(len(tiny.FILMS))[:LENGTH] for _ in range(USERS)])
    position = np.tile(np.arange(LENGTH), USERS)
    interactions = pd.DataFrame(
        {
            "user_idx": np.repeat(np.arange(USERS), LENGTH),
            "position": position,
            "item_idx": films,
            "rating": np.float32(4),
            "timestamp": position,
            "leave_one_out": np.where(position == LENGTH - 1, schemas.TEST, schemas.TRAIN),
            "temporal": schemas.TRAIN,
        }
    )
    schemas.write_table(root / "data/processed/interactions.parquet", interactions, schemas.INTERACTIONS)
    write_json(root / "data/processed/splits.json", SPLIT)
    ranks = pd.DataFrame(
        {
            "user_idx": np.arange(USERS),
            "item_idx": films[LENGTH - 1 :: LENGTH],
            "protocol": "leave_one_out",
            "system": "integrated",
            "rank": float(rank),
        }
    )
    schemas.write_table(root / "results/per_user.parquet", ranks, schemas.PER_USER)
    write_json(root / "results/key_metrics.json", {"leave_one_out_split_hash": "the split", "seed": seed})
    verdict = root / "results/gate.json"
    write_json(verdict, {**read_json(verdict), "incumbent": incumbent})
    return root


def test_a_verdict_of_another_time_brings_no_worse_release_into_service(
    tmp_path, folder, deploy_it, foreign_server
):
    good = deploy_it(evaluated(tmp_path / "good", 8, GOOD, None))
    restored = evaluated(tmp_path / "restored", 9, BAD, None)  # it was judged before there was a release
    before = foreign_server[1]["requests"]
    with pytest.raises(UserError) as refusal:
        deploy_it(restored)
    assert releases.current(folder) == good
    assert foreign_server[1]["requests"] > before  # the one in service is seen to be served
    line = str(refusal.value)
    assert f"is worse than {good}, which stays in service: release in use: leave_one_out ndcg_at_10" in line
    assert "\n" not in line
    assert not (restored / "results/deployment.json").exists()


def test_what_a_person_activates_after_the_refusal_is_served(tmp_path, folder, deploy_it):
    deploy_it(evaluated(tmp_path / "good", 8, GOOD, None))
    restored = evaluated(tmp_path / "restored", 9, BAD, None)
    with pytest.raises(UserError, match=r"activate [0-9a-f]{12}` takes it up all the same") as refusal:
        deploy_it(restored)
    refused = str(refusal.value).split()[1]
    releases.activate(folder, refused)
    assert deploy_it(restored) == refused


def test_after_a_rollback_the_restored_verdict_is_of_the_wrong_release(tmp_path, folder, deploy_it):
    first = deploy_it(evaluated(tmp_path / "first", 8, GOOD, None))
    second = deploy_it(evaluated(tmp_path / "second", 9, BAD, first))  # a gate of that day let it pass
    third = evaluated(tmp_path / "third", 10, BAD, second)  # as good as the second, worse than the first
    assert releases.rollback(folder) == first
    with pytest.raises(UserError, match=f"is worse than {first}"):
        deploy_it(third)
    assert releases.current(folder) == first


def test_a_release_as_good_as_the_one_in_service_replaces_it_whatever_the_verdict_names(
    tmp_path, folder, deploy_it
):
    former = deploy_it(evaluated(tmp_path / "former", 8, GOOD, None))
    restored = deploy_it(evaluated(tmp_path / "restored", 9, AS_GOOD, "0123456789ab"))
    assert restored not in (None, former)


def test_a_verdict_of_the_release_in_service_is_not_asked_for_twice(tmp_path, folder, deploy_it):
    former = deploy_it(evaluated(tmp_path / "former", 8, GOOD, None))
    candidate = evaluated(tmp_path / "candidate", 9, GOOD, former)
    (candidate / "data/processed/interactions.parquet").unlink()  # which only judging reads
    assert deploy_it(candidate) not in (None, former)


def test_what_was_rolled_back_stays_withdrawn_and_fails_no_night(tmp_path, folder, deploy_it):
    first = deploy_it(evaluated(tmp_path / "first", 8, GOOD, None))
    project = evaluated(tmp_path / "second", 9, BAD, None)
    second = releases.publish(project, folder, datetime.now(UTC))
    releases.activate(folder, second)
    assert releases.rollback(folder) == first
    assert deploy_it(project) == first
    assert json.loads((project / "results/deployment.json").read_text())["release_id"] == first


def test_a_release_of_other_ratings_is_asked_the_new_questions(tmp_path, folder, deploy_it):
    """Its models are of random weights: they find next to nothing, so perfect ranks replace it."""
    former = evaluated(tmp_path / "former", 8, GOOD, None)
    write_json(former / "results/key_metrics.json", {"leave_one_out_split_hash": "another split"})
    deploy_it(former)
    candidate = evaluated(tmp_path / "candidate", 9, GOOD, None)
    assert deploy_it(candidate) == releases.publish(candidate, folder, datetime.now(UTC))
    worse = evaluated(tmp_path / "worse", 10, 45, None)
    write_json(worse / "data/processed/splits.json", {**SPLIT, "leave_one_out_hash": "a third split"})
    with pytest.raises(UserError, match="is worse than"):
        deploy_it(worse)


def test_ranks_of_other_cases_than_the_datas_are_refused(tmp_path, folder, deploy_it):
    good = deploy_it(evaluated(tmp_path / "good", 8, GOOD, None))
    candidate = evaluated(tmp_path / "candidate", 9, GOOD, None)
    path = candidate / "results/per_user.parquet"
    ranks = schemas.read_table(path, schemas.PER_USER)
    schemas.write_table(path, ranks.iloc[1:], schemas.PER_USER)
    with pytest.raises(UserError, match=r"per_user\.parquet: is of other leave_one_out cases"):
        deploy_it(candidate)
    assert releases.current(folder) == good
