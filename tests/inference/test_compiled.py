import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from movie_genie.inference.film_table import coded_dot

ROOM = Path(__file__).parents[2] / "movie_genie"


def test_arrays_of_another_type_are_refused_rather_than_misread():
    with pytest.raises(TypeError, match="No matching definition"):
        coded_dot(np.ones(3), np.ones(3, np.float32))


@pytest.mark.slow
def test_a_changed_helper_is_compiled_anew_into_those_that_call_it(tmp_path):
    """Numba alone would go on with the old one: it looks only at the caller's own file."""
    copy = tmp_path / "movie_genie"
    shutil.copytree(ROOM, copy, ignore=shutil.ignore_patterns("__pycache__", "backend"))
    ask = (
        "import numpy as np; from movie_genie.inference.film_table import products;"
        "print(products(np.ones((1, 1), np.int8), np.ones(1, np.float32), np.zeros(1, np.float32),"
        " np.ones(1, np.float32))[0])"
    )

    def answer() -> float:
        done = subprocess.run(
            [sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    assert answer() == 1
    helpers = copy / "inference/film_table.py"
    changed = helpers.read_text().replace(
        "total += np.float32(code[i]) * vector[i]", "total += 3 * vector[i]"
    )
    helpers.write_text(changed)
    assert answer() == 3
    assert len(list((copy / "inference/__pycache__").glob("numba-*"))) == 2
