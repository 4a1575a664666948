"""A release that would not serve is refused, each time with its reason."""

import errno
import re
import shutil
from pathlib import Path

import damaged_releases as damages
import numpy as np
import pytest
from damaged_releases import FILMS

from movie_genie.errors import UserError
from movie_genie.releases import checks
from movie_genie.releases.checks import open_checked, smoke_query


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (damages.half_copied, "bert4rec/model.safetensors is missing; the release is only partly there"),
        (damages.truncated, "text_embeddings.npy was changed"),
        (damages.one_bit_flipped, "models/two_tower/model.safetensors was changed"),
        (damages.with_a_stray_file, "web/evil.js is not in the manifest"),
        (damages.without_manifest, "manifest.json: not found"),
        (damages.with_a_broken_manifest, "manifest.json: not valid JSON"),
        (damages.with_a_manifest_that_is_a_folder, "manifest.json: could not be read: Is a directory"),
        (damages.with_a_link_to_nowhere, "web/gone.js is no file"),
        (damages.with_a_link_to_itself, "web/index.html is no file"),
        (damages.with_a_pipe, "web/pipe is no file"),
    ],
)
def test_a_damaged_release_is_refused_with_its_reason(release, damage, reason):
    damage(release)
    with pytest.raises(UserError, match=re.escape(reason)):
        open_checked(release)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (damages.with_nan_weights, "values that are not finite"),
        (damages.with_infinite_text, "values that are not finite"),
        (damages.with_overflowing_scores, "two_tower gives scores that are not finite"),
        (damages.with_models_of_fewer_films, "vocabularies differ"),
        (damages.with_one_model_of_fewer_films, f"different numbers of films: .*'bert4rec': {FILMS - 1}"),
        (damages.with_followers_that_no_film_is, f"names films beyond the {FILMS} there are"),
        (damages.with_followers_of_another_shape, "expected float32"),
        (damages.with_vectors_of_another_type, "film_vectors is int32"),
        (damages.with_vectors_that_the_network_cannot_read, r"network\.onnx: does not fit the film vectors"),
        (damages.with_text_of_fewer_films, "vocabularies differ"),
        (damages.with_text_of_another_width, "expected width 384"),
        (damages.without_a_tensor, "'bias' is missing"),
        (damages.of_an_unknown_kind, "kind: expected one of .*, got 'oracle'"),
        (damages.without_a_network, r"network\.onnx: not found"),
        (damages.with_a_torn_network, r"bert4rec/network\.onnx: no network that ONNX Runtime can run"),
        (damages.with_a_torn_network_of_contributions, r"contributions\.onnx: no network that ONNX"),
        (damages.with_the_network_of_another_task, "takes films, present, items, expected films, present"),
        (damages.with_a_network_of_other_vectors, r"network\.onnx: does not fit the film vectors"),
        (damages.with_a_network_of_one_history_at_a_time, "bert4rec cannot answer: "),
        (damages.with_a_network_that_gives_no_numbers, "bert4rec gives scores that are not finite"),
        (damages.with_a_network_whose_stars_are_no_numbers, "bert4rec predicts ratings that are not finite"),
        (damages.with_a_network_that_is_not_told_of_ratings, "expected films, present, stars, usual, ages"),
        (damages.with_contributions_of_other_vectors, "two_tower cannot answer: "),
        (damages.with_contributions_that_are_no_numbers, "two_tower gives contributions that are not finite"),
        (damages.with_another_table, "has other columns"),
        (damages.with_a_weight_that_is_no_number, "could not convert"),
        (damages.with_a_ranker_that_is_not_there, "'oracle' is missing, or"),
        (damages.without_rankers, r"two_stage\.json: 'rankers' is missing"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # overflow is what one case is about
def test_a_release_that_is_whole_but_would_not_serve_is_refused(release, damage, reason, seal):
    damage(release)
    with pytest.raises(UserError, match=reason):
        open_checked(seal(release))


def test_a_file_that_the_disk_does_not_give_is_refused_with_its_reason(release, monkeypatch):
    def fails(path):
        raise OSError(errno.EIO, "Input/output error", str(path))

    monkeypatch.setattr(checks, "digest", fails)
    with pytest.raises(UserError) as error:
        open_checked(release)
    assert str(error.value) == f"{release / 'catalogue.arrow'}: could not be read: Input/output error"


def test_a_fresh_process_answers_a_smoke_query(tiny_release, release):
    smoke_query(tiny_release)
    damages.half_copied(release)
    with pytest.raises(
        UserError, match=r"smoke query failed: .*models/bert4rec/model\.safetensors is missing"
    ):
        smoke_query(release)


def test_a_smoke_query_refuses_a_text_model_that_gives_no_vectors(tiny_release, seal, tmp_path):
    broken = Path(shutil.copytree(tiny_release, tmp_path / "broken"))
    weights = np.memmap(broken / "text_model/network.weights", np.float32, "r+")
    weights[-1000:] = np.nan
    weights.flush()
    with pytest.raises(UserError, match=r"smoke query failed: .*network\.weights may be damaged"):
        smoke_query(seal(broken))
