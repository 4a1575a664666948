from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_models import DIM, ITEMS, MAX_HISTORY, normal, sequence_model

from movie_genie import artifacts, weights
from movie_genie.errors import UserError
from movie_genie.inference import sequence_model as module
from movie_genie.inference.models import load

HISTORIES = st.lists(
    st.lists(st.integers(0, ITEMS - 1), max_size=MAX_HISTORY + 5).map(
        lambda films: np.array(films, np.int64)
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return sequence_model(tmp_path_factory.mktemp("model") / "m", seed=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(histories=HISTORIES)
def test_a_batch_gives_each_history_the_state_it_has_alone(model, histories):
    vectors, mix = model.films.all_vectors, normal(6, DIM, DIM)
    expected = [vectors[history[-MAX_HISTORY:]].sum(0) @ mix for history in histories]
    np.testing.assert_allclose(model.states(histories), expected, atol=1e-4)
    scores = model.scores(histories)
    np.testing.assert_allclose(scores, expected @ vectors.T + model.films.bias, atol=1e-3)
    for history, row in zip(histories, scores, strict=True):
        np.testing.assert_allclose(model.scores([history])[0], row, atol=1e-3)


def test_many_histories_are_asked_in_several_batches(model, monkeypatch):
    histories = [np.arange(n % 7) for n in range(50)]
    whole = model.states(histories)
    monkeypatch.setattr(module, "TOKENS_AT_ONCE", 10)
    sizes = [films.shape[0] * films.shape[1] for _, films, _ in model._batches(histories)]
    assert len(sizes) > 10 and max(sizes) <= 10
    np.testing.assert_allclose(model.states(histories), whole, atol=1e-5)


def test_contributions_are_the_graphs_and_as_many_as_films_are_read(model):
    items = np.array([3, 17])
    history = np.random.default_rng(0).integers(0, ITEMS, MAX_HISTORY + 9)
    parts = model.contributions(history, items)
    assert parts.shape == (2, MAX_HISTORY)
    score = model.scores([history])[0, items] - model.films.bias[items]
    np.testing.assert_allclose(parts.sum(1), score, atol=1e-3)
    assert model.contributions(history[:0], items).shape == (2, 0)


def test_a_model_without_reasons_says_so(tmp_path):
    assert (
        sequence_model(tmp_path / "m", 1, explained=False).contributions(np.array([1]), np.array([2])) is None
    )


def test_scores_of_some_films_are_those_of_all(model):
    histories, wanted = [np.array([1]), np.array([2, 0])], [np.array([2]), np.array([0, 1, 3])]
    for scores, items, some in zip(
        model.scores(histories), wanted, model.scores_of(histories, wanted), strict=True
    ):
        np.testing.assert_allclose(some, scores[items], atol=1e-4)


def test_likeness_is_the_cosine_of_the_film_vectors(model):
    vectors = model.films.all_vectors
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(model.likeness(4), unit @ unit[4], atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 4), (2, 2), (1, 3), (2, 3, 1)])
def test_contributions_of_another_size_are_refused_rather_than_misread(model, shape):
    class Explain:
        def run(self, outputs, given):
            return [np.zeros(shape, np.float32)]

    careless = replace(model, explain=Explain())
    with pytest.raises(ValueError, match=r"expected float32 \(2, 3\)"):
        careless.contributions(np.array([1, 2, 3]), np.array([4, 5]))


def test_a_state_of_another_size_is_refused_rather_than_misread(model):
    class Network:
        def run(self, outputs, given):
            return [np.zeros((1, 1), np.float32)]

    with pytest.raises(ValueError, match="expected float32"):
        replace(model, network=Network()).scores([np.array([1, 2, 3])])


def broken(change, tmp_path):
    sequence_model(tmp_path / "m", 1)
    change(tmp_path / "m")
    return tmp_path / "m"


def _resave(folder, **changes):
    config, tensors = weights.load(folder)
    tensors = {name: np.array(tensor) for name, tensor in tensors.items()} | changes
    networks = {path.name: path.read_bytes() for path in folder.glob("*.onnx")}
    weights.save(folder, tensors, config, networks)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: (folder / artifacts.NETWORK).unlink(), r"network\.onnx: not found"),
        (lambda folder: (folder / artifacts.NETWORK).write_bytes(b"torn"), r"network\.onnx: no network"),
        (
            lambda folder: (folder / artifacts.NETWORK).write_bytes(
                (folder / artifacts.CONTRIBUTIONS).read_bytes()
            ),
            r"network\.onnx: takes films, present, items, expected films, present",
        ),
        (lambda folder: _resave(folder, bias=np.zeros(3, np.float32)), "tensor bias is"),
        (lambda folder: _resave(folder, film_vectors=normal(1, ITEMS, DIM + 1)), "does not fit"),
    ],
)
def test_a_folder_that_is_no_such_model_is_refused_in_one_line(change, says, tmp_path):
    with pytest.raises(UserError, match=says):
        load(broken(change, tmp_path))
