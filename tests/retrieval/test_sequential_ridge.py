import numpy as np
import pytest
from histories import watched

from movie_genie.data.cases import Cases
from movie_genie.inference.followers import Followers
from movie_genie.inference.models import load
from movie_genie.retrieval import sequential_ridge
from movie_genie.retrieval.sequential_ridge import SequentialRidge
from movie_genie.training.examples import Examples

ITEMS, DECAY, WINDOW, RIDGE = 12, 0.7, 4, 3.0


def brute_force(sequences: list[np.ndarray]) -> np.ndarray:
    inputs, targets = [], []
    for sequence in sequences:
        for place, film in enumerate(sequence):
            row = np.zeros(ITEMS)
            for age in range(1, WINDOW + 1):
                if place - age >= 0:
                    row[sequence[place - age]] += DECAY ** (age - 1)
            inputs.append(row)
            targets.append(np.eye(ITEMS)[film])
    x, y = np.array(inputs), np.array(targets)
    return np.linalg.solve(x.T @ x + RIDGE * np.eye(ITEMS), x.T @ y)


@pytest.fixture
def sequences() -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    return [rng.permutation(ITEMS)[: rng.integers(2, ITEMS)] for _ in range(40)]


def settings(films: int = ITEMS, kept: int = ITEMS) -> SequentialRidge:
    return SequentialRidge(
        kind="sequential_ridge",
        name="ridge",
        films=films,
        kept=kept,
        decay=DECAY,
        window=WINDOW,
        regularisation=RIDGE,
    )


def fit(sequences: list[np.ndarray], films: int = ITEMS, kept: int = ITEMS) -> Followers:
    return Followers(*settings(films, kept).solve(sequences, ITEMS), DECAY, WINDOW)


def scores_of(history: np.ndarray, followers: Followers) -> np.ndarray:
    return followers.read([watched(*history)])[0]


def test_with_all_kept_the_scores_are_the_ridges(sequences):
    weights, followers = brute_force(sequences), fit(sequences)
    history = np.array([3, 0, 7, 5, 9, 1])
    memory = np.zeros(ITEMS)
    memory[history[-WINDOW:]] = DECAY ** np.arange(WINDOW - 1, -1, -1)
    np.testing.assert_allclose(scores_of(history, followers), memory @ weights, atol=1e-5)


def test_what_is_written_is_what_serving_opens(sequences, tmp_path):
    nobody = Cases(*[np.empty(0, np.int64)] * 4, watched(), *[np.empty(0, np.int64)] * 3)
    # However a film was rated, it is one that follows another.
    users = [watched(*films, stars=0.5 + place % 10 / 2) for place, films in enumerate(sequences)]
    settings(kept=5).fit_and_write(None, Examples(ITEMS, users, nobody), tmp_path / "ridge")
    opened, made = load(tmp_path / "ridge"), fit(sequences, kept=5)
    history = watched(3, 0, 7, 5, 9, 1)
    np.testing.assert_array_equal(opened.read([history]), made.read([history]))


def test_the_strongest_followers_are_kept(sequences):
    weights, followers = brute_force(sequences), fit(sequences, kept=3)
    for film in range(ITEMS):
        strongest = np.argsort(-weights[film])[:3]
        assert followers.films[film].tolist() == strongest.tolist()
        np.testing.assert_allclose(followers.strength[film], weights[film, strongest], atol=1e-5)


def test_a_window_longer_than_any_history_is_the_longest_histories(sequences, monkeypatch):
    asked = []
    examples = sequential_ridge._examples

    def noted(sequences, column, decay, window):
        asked.append(window)
        return examples(sequences, column, decay, window)

    monkeypatch.setattr(sequential_ridge, "_examples", noted)
    config = settings().model_copy(update={"window": 10**9})
    config.solve(sequences, ITEMS)
    assert asked == [max(map(len, sequences))]


def test_films_it_does_not_know_have_no_say():
    sequences = [np.array([0, 1, 2]), np.array([1, 2, 0]), np.array([0, 2, 11])]
    followers = fit(sequences, films=3)
    assert not followers.strength[3:].any()
    assert not scores_of(np.array([11]), followers).any()


def test_an_empty_history_says_nothing(sequences):
    assert not scores_of(np.array([], np.int64), fit(sequences)).any()


def test_a_repeated_order_is_learnt():
    followers = fit([np.arange(ITEMS)] * 30)
    assert followers.films[:-1, 0].tolist() == list(range(1, ITEMS))
