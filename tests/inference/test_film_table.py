import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from movie_genie.inference.film_table import FilmTable

NUMBERS = st.floats(-100, 100, width=32)


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=NUMBERS))
def test_a_code_is_at_most_half_a_step_off(vectors):
    table = FilmTable.of(vectors, np.zeros(len(vectors), np.float32))
    assert (np.abs(table.all_vectors - vectors) <= table.steps[:, None] * 0.501 + 1e-9).all()
    assert (table.steps <= np.abs(vectors).max(1) / 127 * 1.001 + 1e-9).all()


@given(arrays(np.float32, (7, 11), elements=NUMBERS), arrays(np.float32, (3, 11), elements=NUMBERS))
def test_one_state_and_many_have_the_same_products(vectors, states):
    table = FilmTable.of(vectors, vectors[:, 0])
    expected = states.astype(float) @ table.all_vectors.T + vectors[:, 0]
    np.testing.assert_allclose(table.scores(states), expected, rtol=1e-4, atol=0.5)
    for state, row in zip(states, expected, strict=True):
        np.testing.assert_allclose(table.scores(state[None])[0], row, rtol=1e-4, atol=0.5)
        np.testing.assert_allclose(table.scores_of(state, np.array([6, 0])), row[[6, 0]], rtol=1e-4, atol=0.5)


def test_a_film_of_nothing_is_like_no_other():
    vectors = np.array([[1, 0], [2, 0], [0, 3], [0, 0]], np.float32)
    cosines = FilmTable.of(vectors, np.ones(4, np.float32)).cosines(0)
    np.testing.assert_allclose(cosines, [1, 1, 0, 0], atol=1e-5)
