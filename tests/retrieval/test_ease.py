import numpy as np
import pytest
from histories import watched
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_genie.data.cases import Cases
from movie_genie.history import History
from movie_genie.inference.followers import Followers
from movie_genie.inference.models import load
from movie_genie.retrieval import ease
from movie_genie.retrieval.ease import Ease
from movie_genie.training.examples import Examples

ITEMS, RIDGE = 9, 3.0


def histories(seed: int, users: int) -> list[History]:
    rng = np.random.default_rng(seed)
    films = [rng.permutation(ITEMS)[: rng.integers(2, ITEMS)] for _ in range(users)]
    return [watched(*own, stars=rng.integers(1, 11, len(own)) / 2) for own in films]


def source(films: int = ITEMS, kept: int = ITEMS) -> Ease:
    return Ease(kind="ease", name="ease", films=films, kept=kept, decay=1.0, window=20, regularisation=RIDGE)


def fit(sequences: list[History], films: int = ITEMS, kept: int = ITEMS) -> Followers:
    config = source(films, kept)
    return Followers(*ease.fit(config, sequences, ITEMS), config.decay, config.window)


def closed_form(sequences: list[History]) -> np.ndarray:
    rated = np.zeros((len(sequences), ITEMS))
    for row, own in zip(rated, sequences, strict=True):
        row[own.items] = 1
    inverse = np.linalg.inv(rated.T @ rated + RIDGE * np.eye(ITEMS))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


@pytest.mark.parametrize("users", [4, 40])  # fewer and more users than films
def test_with_all_kept_the_scores_are_the_closed_form_of_steck(users):
    sequences = histories(1, users)
    weights, companions = closed_form(sequences), fit(sequences)
    for own in (watched(3), watched(3, 0, 7), watched(*range(8))):
        memory = np.zeros(ITEMS)
        memory[own.items] = 1
        np.testing.assert_allclose(companions.read([own])[0], memory @ weights, atol=1e-5)


def test_the_strongest_companions_are_kept():
    sequences = histories(2, 40)
    weights, companions = closed_form(sequences), fit(sequences, kept=3)
    for film in range(ITEMS):
        strongest = np.argsort(-weights[film])[:3]
        assert companions.films[film].tolist() == strongest.tolist()
        np.testing.assert_allclose(companions.strength[film], weights[film, strongest], atol=1e-5)


def test_it_knows_the_most_rated_films_and_recommends_no_other():
    sequences = histories(3, 30)
    counts = np.bincount(np.concatenate([own.items for own in sequences]), minlength=ITEMS)
    most_rated = set(np.argsort(-counts, kind="stable")[:5].tolist())
    companions = fit(sequences, films=5)
    assert set(np.flatnonzero(companions.strength.any(1)).tolist()) == most_rated
    assert set(np.flatnonzero(companions.read([watched(*range(ITEMS))])[0]).tolist()) <= most_rated


def test_the_order_of_a_history_does_not_count():
    companions = fit(histories(4, 30))
    first, second = companions.read([watched(3, 0, 7), watched(7, 3, 0)])
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_an_empty_history_says_nothing():
    assert not fit(histories(4, 30)).read([watched()]).any()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000), st.permutations(range(ITEMS)))
def test_renumbering_the_films_only_renumbers_the_scores(seed, new):
    sequences, new = histories(seed, 20), np.array(new)
    renamed = [watched(*new[own.items]) for own in sequences]
    before = fit(sequences).read([watched(1, 4, 6)])[0]
    after = fit(renamed).read([watched(*new[[1, 4, 6]])])[0]
    np.testing.assert_allclose(after[new], before, atol=1e-4)


def test_what_is_written_is_what_serving_opens(tmp_path):
    sequences, nothing = histories(5, 30), np.empty(0, np.int64)
    nobody = Cases(*[nothing] * 4, watched(), *[nothing] * 3)
    source(kept=5).fit_and_write(Examples(ITEMS, sequences, nobody), tmp_path / "ease")
    own = [watched(3, 0, 7)]
    np.testing.assert_array_equal(load(tmp_path / "ease").read(own), fit(sequences, kept=5).read(own))
