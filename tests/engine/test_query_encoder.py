import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from movie_genie.data.text_encoder import embed
from movie_genie.engine.query_encoder import QueryEncoder
from movie_genie.errors import UserError

QUERIES = [
    "robots",
    "a lonely robot cleaning up an abandoned earth falls in love",
    "",
    "東京物語",
    "x " * 500,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("release") / "query_encoder"
    QueryEncoder.export(target)
    return target


def test_a_query_gets_the_vector_that_a_film_with_this_text_has(folder: Path, tmp_path: Path) -> None:
    encoder = QueryEncoder.load(folder)
    films = embed(QUERIES, tmp_path)
    for query, film in zip(QUERIES, films, strict=True):
        vector = encoder.encode(query)
        assert (vector.shape, vector.dtype) == ((384,), np.float32)
        assert np.abs(vector - film).max() < 1e-5


def test_the_same_package_is_exported_as_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    QueryEncoder.export(tmp_path / "again")
    files = sorted(path.name for path in folder.iterdir())
    assert files == ["config.json", "model.safetensors", "tokenizer.json"]
    for name in files:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_workers_share_the_weights_and_need_no_torch(folder: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from movie_genie.engine.query_encoder import QueryEncoder
def anonymous_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
before = anonymous_kb()
QueryEncoder.load(Path({str(folder)!r})).encode("a lonely robot")
print(anonymous_kb() - before, {{"torch", "transformers", "scipy", "pandas"}} & set(sys.modules) or "light")
"""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs Linux's /proc")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    own_kb, heavy = done.stdout.split()
    assert int(own_kb) < 30_000  # the weights alone are 90 MB
    assert heavy == "light"


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_damaged_export_is_one_clear_error(folder: Path, tmp_path: Path, name: str) -> None:
    for each in folder.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes()[: 1000 if each.name == name else None])
    if name == "config.json":
        (tmp_path / name).unlink()
    with pytest.raises(UserError, match=name):
        QueryEncoder.load(tmp_path)
