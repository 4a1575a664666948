import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import text_model

from movie_genie.data import minilm
from movie_genie.data.minilm import MiniLM
from movie_genie.data.schemas import EMBEDDING_SIZE
from movie_genie.data.text_encoder import embed
from movie_genie.errors import UserError
from movie_genie.releases import content

copy_text_model = content.copy_text_model
"""The function itself, before conftest.py gives all projects one text model."""

QUERIES = [
    "robots",
    "a lonely robot cleaning up an abandoned earth falls in love",
    "",
    "東京物語",
    "x " * 500,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("release") / "text_model"
    shutil.copytree(text_model.exported(), target)
    return target


def test_a_query_gets_the_vector_that_a_film_with_this_text_has(folder: Path, tmp_path: Path) -> None:
    encoder = MiniLM.load(folder)
    films = embed(QUERIES, tmp_path)
    for query, film in zip(QUERIES, films, strict=True):
        vector = encoder.vector(query)
        assert (vector.shape, vector.dtype) == ((384,), np.float32)
        assert np.abs(vector - film).max() < 1e-5


def test_workers_share_the_weights_and_need_no_torch(folder: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from movie_genie.data.minilm import MiniLM
def anonymous_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
before = anonymous_kb()
MiniLM.load(Path({str(folder)!r})).vector("a lonely robot")
print(anonymous_kb() - before, {{"torch", "transformers", "scipy", "pandas"}} & set(sys.modules) or "light")
"""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs Linux's /proc")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    own_kb, heavy = done.stdout.split()
    assert int(own_kb) < 30_000  # the weights alone are 90 MB
    assert heavy == "light"


@pytest.mark.parametrize("name", ["network.onnx", "network.weights", "tokenizer.json"])
@pytest.mark.parametrize("size", [None, 0, 1000])
def test_a_damaged_export_is_one_clear_error(
    folder: Path, tmp_path: Path, name: str, size: int | None
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    if size is None:
        (copy / name).unlink()
    else:
        os.truncate(copy / name, size)
    with pytest.raises(UserError, match=name):
        MiniLM.load(copy)


def test_weights_that_are_no_numbers_are_one_clear_error(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    weights = np.memmap(copy / minilm.WEIGHTS, np.float32, "r+")
    weights[-EMBEDDING_SIZE * 4 * EMBEDDING_SIZE :] = np.nan
    weights.flush()
    with pytest.raises(
        UserError, match=r"network\.onnx: gives no unit vectors; network\.weights may be damaged"
    ):
        MiniLM.load(copy)


def test_a_release_without_a_text_model_to_carry_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"text_model: not found; `dvc repro` makes it"):
        copy_text_model(tmp_path, tmp_path / "release")
