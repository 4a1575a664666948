import numpy as np
from histories import watched

from movie_genie.data.cases import Cases
from movie_genie.inference.models import load
from movie_genie.retrieval.ease import Ease
from movie_genie.training.examples import Examples

ITEMS, LAMBDA = 9, 2.5


def settings(films: int = ITEMS, kept: int = ITEMS) -> Ease:
    return Ease(kind="ease", name="ease", films=films, kept=kept, decay=1.0, window=50, regularisation=LAMBDA)


def sequences() -> list:
    random = np.random.default_rng(5)
    return [watched(*random.permutation(ITEMS)[: random.integers(3, ITEMS)]) for _ in range(14)]


def closed_form(histories: list) -> np.ndarray:
    """Steck 2019, equation 8, by a plain inverse."""
    rated = np.zeros((len(histories), ITEMS))
    for row, history in zip(rated, histories, strict=True):
        row[history.items] = 1
    inverse = np.linalg.inv(rated.T @ rated + LAMBDA * np.eye(ITEMS))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def test_it_is_the_closed_form_of_steck_and_order_does_not_matter(tmp_path):
    histories = sequences()
    none = np.zeros(0, np.int64)
    cases = Cases(none, none, none, none.astype(np.float32), watched(), none, none, none)
    settings().fit_and_write(None, Examples(ITEMS, histories, cases), tmp_path / "ease")
    model = load(tmp_path / "ease")
    expected = closed_form(histories)[[1, 4, 6]].sum(axis=0)
    for history in (watched(1, 4, 6), watched(6, 1, 4)):
        np.testing.assert_allclose(model.scores(model.read([history]))[0], expected, atol=1e-5)


def test_only_the_most_rated_films_are_known_and_each_keeps_its_strongest():
    histories = [*sequences(), watched(0, 1), watched(0, 1), watched(0, 1)]
    counts = np.bincount(np.concatenate([own.items for own in histories]), minlength=ITEMS)
    known = np.argsort(-counts, kind="stable")[:4]
    films, strength = settings(films=4, kept=2).solve([own.items for own in histories], ITEMS)
    assert np.flatnonzero((strength != 0).any(axis=1)).tolist() == sorted(known.tolist())
    assert np.isin(films[known], known).all()
    assert films.shape == (ITEMS, 2)
    assert (strength[:, 0] >= strength[:, 1]).all()
