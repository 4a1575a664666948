from dataclasses import replace

import numpy as np
import pytest
import tiny
from histories import rated, watched
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_models import DIM, ITEMS, MAX_HISTORY, normal, sequence_model

from movie_genie import artifacts, weights
from movie_genie.errors import UserError
from movie_genie.inference import sequence_model as module
from movie_genie.inference.models import load, predicts_stars

HISTORIES = st.lists(rated(ITEMS, longest=MAX_HISTORY + 5), min_size=1, max_size=12)
several = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return sequence_model(tmp_path_factory.mktemp("model") / "m", seed=5)


@pytest.fixture(scope="session")
def told(tmp_path_factory):
    """A model that is told how films were rated."""
    return sequence_model(tmp_path_factory.mktemp("model") / "m", seed=5, reads_ratings=True)


@several
@given(histories=HISTORIES)
def test_a_batch_gives_each_history_the_state_it_has_alone(model, histories):
    vectors, mix = model.films.all_vectors, normal(6, DIM, DIM)
    favoured = [history.in_favour.items[-MAX_HISTORY:] for history in histories]
    expected = [vectors[items].sum(0) @ mix for items in favoured]
    read = model.read(histories)
    np.testing.assert_allclose(read, expected, atol=1e-4)
    scores = model.scores(read)
    np.testing.assert_allclose(scores, expected @ vectors.T + model.films.bias, atol=1e-3)
    for history, row in zip(histories, scores, strict=True):
        np.testing.assert_allclose(model.scores(model.read([history]))[0], row, atol=1e-3)


@several
@given(histories=HISTORIES)
def test_a_model_that_is_told_of_ratings_reads_all_films_and_predicts_stars(told, histories):
    vectors, mix, items = told.films.all_vectors, normal(6, DIM, DIM), np.array([0, 7, 29])
    usual = normal(8, ITEMS) + np.float32(3.5)
    read = told.read(histories)
    assert read.shape == (len(histories), 2 * DIM + 1)
    for history, row, scores in zip(histories, read, told.scores(read), strict=True):
        films, stars = history.items[-MAX_HISTORY:], history.stars[-MAX_HISTORY:]
        state = vectors[films].sum(0) @ mix
        np.testing.assert_allclose(scores, vectors @ state + told.films.bias, atol=1e-3)
        np.testing.assert_allclose(told.scores_of(row, items), scores[items], atol=1e-3)
        surprise = tiny.SHARE * (stars - usual[films])
        beyond = vectors[items] @ ((vectors[films] * surprise[:, None]).sum(0) @ mix) + surprise.sum()
        predicted = told.stars(row, items)
        np.testing.assert_allclose(predicted, np.clip(usual[items] + beyond, 0.5, 5), atol=1e-3)
        np.testing.assert_allclose(told.read([history])[0], row, atol=1e-4)


def test_predicted_stars_are_some_that_there_are(told):
    items = np.arange(ITEMS)
    high, low, nothing = (
        told.stars(row, items)
        for row in told.read([watched(*range(20)), watched(*range(20), stars=0.5), watched()])
    )
    assert high.max() == 5 and low.min() == 0.5
    np.testing.assert_allclose(nothing, told.usual_stars, atol=1e-6)


def test_only_a_model_that_is_told_of_ratings_predicts_any(model, told):
    assert (predicts_stars(model), predicts_stars(told)) == (False, True)
    with pytest.raises(TypeError, match="predicts none"):
        model.stars(model.read([watched(1)])[0], np.array([2]))


def test_a_disliked_film_changes_nothing_for_a_model_that_is_not_told_of_ratings(model, told):
    liked, mixed = watched(4, 9), watched(4, 17, 9, stars=[5, 2.5, 3])
    np.testing.assert_array_equal(model.read([mixed, mixed]), model.read([liked, liked]))
    np.testing.assert_array_equal(model.read([mixed]), model.read([liked]))
    assert not np.allclose(told.read([mixed]), told.read([liked]))


class Noted:
    """A network that keeps what it was given."""

    def __init__(self, width: int) -> None:
        self.width, self.given = width, []

    def run(self, outputs, given):
        self.given.append(given)
        return [np.zeros((len(given["films"]), self.width), np.float32)]


def test_a_network_is_given_a_history_in_a_batch_as_it_is_given_it_alone(told):
    noted = Noted(2 * DIM + 1)
    noting = replace(told, network=noted)
    histories = [
        watched(1, 2, 3, stars=[0.5, 3, 5], times=[10, 20, 25], asked=30),
        watched(7, stars=2, times=[900], asked=1_000),
        watched(asked=50),
    ]
    for history in histories:
        noting.read([history])
    noting.read(histories)
    *alone, together = noted.given
    for own, row in zip(alone, (2, 1, 0), strict=True):
        assert own.keys() == together.keys() == {"films", "present", "stars", "usual", "ages"}
        for name, values in own.items():
            assert values.dtype == together[name].dtype
            np.testing.assert_array_equal(together[name][row, 3 - values.shape[1] :], values[0])
    # Where padded, the oldest film's age.
    assert together["ages"].tolist() == [[0, 0, 0], [100, 100, 100], [20, 10, 5]]
    assert together["stars"].tolist() == [[0, 0, 0], [0, 0, 2], [0.5, 3, 5]]
    assert together["present"].tolist() == [[False] * 3, [False, False, True], [True] * 3]


def test_many_histories_are_asked_in_several_batches(model, monkeypatch):
    histories = [watched(*range(n % 7)) for n in range(50)]
    whole = model.read(histories)
    monkeypatch.setattr(module, "TOKENS_AT_ONCE", 10)
    shapes = [given["films"].shape for _, given in model._batches(histories)]
    sizes = [batch * time for batch, time, _ in shapes]
    assert len(sizes) > 10 and max(sizes) <= 10
    np.testing.assert_allclose(model.read(histories), whole, atol=1e-5)


def test_contributions_are_the_graphs_and_as_many_as_films_are_read(model):
    items = np.array([3, 17])
    history = np.random.default_rng(0).integers(0, ITEMS, MAX_HISTORY + 9)
    parts = model.contributions(watched(*history), items)
    assert parts.shape == (2, MAX_HISTORY)
    score = model.scores(model.read([watched(*history)]))[0, items] - model.films.bias[items]
    np.testing.assert_allclose(parts.sum(1), score, atol=1e-3)
    assert model.contributions(watched(), items).shape == (2, 0)


def test_a_model_without_reasons_says_so(tmp_path):
    assert sequence_model(tmp_path / "m", 1, explained=False).contributions(watched(1), np.array([2])) is None


def test_scores_of_some_films_are_those_of_all(model):
    read, wanted = model.read([watched(1), watched(2, 0)]), [np.array([2]), np.array([0, 1, 3])]
    for scores, items, own in zip(model.scores(read), wanted, read, strict=True):
        np.testing.assert_allclose(model.scores_of(own, items), scores[items], atol=1e-4)


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
        careless.contributions(watched(1, 2, 3), np.array([4, 5]))


def test_a_state_of_another_size_is_refused_rather_than_misread(model):
    class Network:
        def run(self, outputs, given):
            return [np.zeros((1, 1), np.float32)]

    with pytest.raises(ValueError, match="expected float32"):
        replace(model, network=Network()).read([watched(1, 2, 3)])


def broken(change, tmp_path):
    sequence_model(tmp_path / "m", 1)
    change(tmp_path / "m")
    return tmp_path / "m"


def _resave(folder, about=None, **changes):
    config, tensors = weights.load(folder)
    tensors = {name: np.array(tensor) for name, tensor in tensors.items()} | changes
    networks = {path.name: path.read_bytes() for path in folder.glob("*.onnx")}
    weights.save(folder, tensors, config | (about or {}), networks)


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
        (lambda folder: _resave(folder, {"reads_ratings": True}), "'usual_stars' is missing"),
        (
            lambda folder: _resave(folder, {"reads_ratings": True}, usual_stars=np.zeros(3, np.float32)),
            "tensor usual_stars is",
        ),
        (
            lambda folder: _resave(folder, {"reads_ratings": True}, usual_stars=np.zeros(ITEMS, np.float32)),
            r"takes films, present, expected films, present, stars, usual, ages",
        ),
    ],
)
def test_a_folder_that_is_no_such_model_is_refused_in_one_line(change, says, tmp_path):
    with pytest.raises(UserError, match=says):
        load(broken(change, tmp_path))


def test_a_model_from_before_ratings_were_read_reads_liked_films(model, tmp_path):
    sequence_model(tmp_path / "m", seed=5)
    config, tensors = weights.load(tmp_path / "m")
    networks = {path.name: path.read_bytes() for path in (tmp_path / "m").glob("*.onnx")}
    del config["reads_ratings"]
    weights.save(tmp_path / "old", tensors, config, networks)
    old, history = load(tmp_path / "old"), watched(4, 9, stars=[1, 4])
    assert not predicts_stars(old)
    np.testing.assert_array_equal(old.read([history]), model.read([history]))
