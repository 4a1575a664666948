import numpy as np
import pytest

from movie_genie.retrieval.neighbours import (
    Neighbours,
    fading,
    fit_neighbours,
    neighbour_parts,
    neighbour_scores,
)

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


def fit(sequences: list[np.ndarray], most_films: int = ITEMS, kept: int = ITEMS) -> Neighbours:
    return fit_neighbours(
        sequences, ITEMS, most_films=most_films, kept=kept, decay=DECAY, window=WINDOW, ridge=RIDGE
    )


def scores_of(history: np.ndarray, neighbours: Neighbours) -> np.ndarray:
    return neighbour_scores(history, neighbours, fading(DECAY, WINDOW))


def test_with_all_kept_the_scores_are_the_ridges(sequences):
    weights, neighbours = brute_force(sequences), fit(sequences)
    history = np.array([3, 0, 7, 5, 9, 1])
    memory = np.zeros(ITEMS)
    memory[history[-WINDOW:]] = DECAY ** np.arange(WINDOW - 1, -1, -1)
    np.testing.assert_allclose(scores_of(history, neighbours), memory @ weights, atol=1e-5)


def test_the_parts_of_a_history_add_up_to_its_scores(sequences):
    neighbours, history = fit(sequences, kept=5), np.array([3, 0, 7, 5, 9, 1])
    items = np.array([2, 8, 4, 11])
    parts = neighbour_parts(history, items, *neighbours, fading(DECAY, WINDOW))
    assert parts.shape == (4, WINDOW)
    scores = scores_of(history, neighbours)
    np.testing.assert_allclose(parts.sum(1), scores[items], atol=1e-6)
    alone = scores_of(history[-1:], neighbours)
    np.testing.assert_allclose(parts[:, -1], alone[items], atol=1e-6)


def test_the_strongest_followers_are_kept(sequences):
    weights, neighbours = brute_force(sequences), fit(sequences, kept=3)
    for film in range(ITEMS):
        strongest = np.argsort(-weights[film])[:3]
        assert neighbours.films[film].tolist() == strongest.tolist()
        np.testing.assert_allclose(neighbours.strength[film], weights[film, strongest], atol=1e-5)


def test_films_it_does_not_know_have_no_say():
    sequences = [np.array([0, 1, 2]), np.array([1, 2, 0]), np.array([0, 2, 11])]
    neighbours = fit(sequences, most_films=3)
    assert not neighbours.strength[3:].any()
    assert not scores_of(np.array([11]), neighbours).any()


def test_an_empty_history_says_nothing(sequences):
    assert not scores_of(np.array([], np.int64), fit(sequences)).any()


def test_a_repeated_order_is_learnt():
    neighbours = fit([np.arange(ITEMS)] * 30)
    assert neighbours.films[:-1, 0].tolist() == list(range(1, ITEMS))
