import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from movie_genie.compiled import add_coded, add_scaled, coded, coded_dot, dot

NUMBERS = st.floats(-100, 100, width=32)
PACKAGE = Path(__file__).parents[1] / "movie_genie"


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=NUMBERS))
def test_a_code_is_at_most_half_a_step_off(vectors):
    codes, steps = coded(vectors)
    assert (np.abs(codes * steps[:, None] - vectors) <= steps[:, None] * 0.501 + 1e-9).all()
    assert (steps <= np.abs(vectors).max(1) / 127 * 1.001 + 1e-9).all()


@given(arrays(np.float32, (2, 11), elements=NUMBERS), NUMBERS)
def test_loops_are_the_sums_they_claim_to_be(pair, factor):
    a, b = pair
    codes, steps = coded(pair)
    restored = codes * steps[:, None]
    np.testing.assert_allclose(dot(a, b), a.astype(float) @ b, rtol=1e-4, atol=0.1)
    np.testing.assert_allclose(
        coded_dot(codes[0], b) * steps[0], restored[0].astype(float) @ b, rtol=1e-4, atol=0.1
    )
    sums = a.copy()
    add_scaled(sums, np.float32(factor), b)
    np.testing.assert_allclose(sums, a + np.float32(factor) * b, rtol=1e-4, atol=0.01)
    sums = a.copy()
    add_coded(sums, np.float32(factor) * steps[1], codes[1])
    np.testing.assert_allclose(sums, a + np.float32(factor) * restored[1], rtol=1e-4, atol=0.01)


def test_arrays_of_another_type_are_refused_rather_than_misread():
    with pytest.raises(TypeError, match="No matching definition"):
        dot(np.ones(3), np.ones(3))


@pytest.mark.slow
def test_a_changed_helper_is_compiled_anew_into_those_that_call_it(tmp_path):
    """Numba alone would go on with the old one: it looks only at the caller's own file."""
    copy = tmp_path / "movie_genie"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "backend", "data"))
    ask = (
        "import numpy as np; from movie_genie.ranking.kernels import places;"
        "one = np.ones((1, 1), np.int8);"
        "print(places(one, np.ones(1, np.float32), np.zeros(1, np.int64), np.zeros(1, np.float32),"
        " np.zeros((2, 1), np.float32), False)[0, 0])"
    )

    def answer() -> float:
        done = subprocess.run(
            [sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    assert answer() == 1
    helpers = copy / "compiled.py"
    changed = helpers.read_text().replace("sums[i] += factor * np.float32(code[i])", "sums[i] += 3 * factor")
    helpers.write_text(changed)
    assert answer() == 3
    assert len(list((copy / "__pycache__").glob("numba-*"))) == 2
