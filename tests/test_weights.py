import json
import re
import resource
import signal
import struct
from pathlib import Path

import numpy as np
import pytest

from movie_genie import weights
from movie_genie.errors import UserError

TENSORS = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(4, np.float32)}


def test_what_is_saved_is_mapped_back(tmp_path):
    weights.save(tmp_path / "model", TENSORS, {"kind": "tiny"})
    config, tensors = weights.load(tmp_path / "model")
    assert config == {"kind": "tiny"}
    assert tensors["b"].tolist() == TENSORS["b"].tolist() and tensors["a"].shape == (4,)
    assert not tensors["b"].flags.writeable


def test_the_library_reads_what_we_map(tmp_path):
    from safetensors.numpy import load_file

    weights.save(tmp_path / "model", TENSORS, {})
    theirs = load_file(tmp_path / "model" / weights.WEIGHTS)
    assert all((theirs[name] == TENSORS[name]).all() for name in TENSORS)


def test_the_same_tensors_give_the_same_bytes(tmp_path):
    weights.save(tmp_path / "one", TENSORS, {})
    weights.save(tmp_path / "two", dict(reversed(TENSORS.items())), {})
    assert (tmp_path / "one" / weights.WEIGHTS).read_bytes() == (
        tmp_path / "two" / weights.WEIGHTS
    ).read_bytes()


def test_a_full_disk_is_one_clear_line_and_leaves_the_old_weights(tmp_path):
    weights.save(tmp_path / "model", TENSORS, {})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(UserError, match="model: could not be written: "):
            weights.save(tmp_path / "model", {"a": np.zeros(10_000, np.float32)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert weights.load(tmp_path / "model")[1].keys() == TENSORS.keys()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:5],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: struct.pack("<Q", 2**60) + data[8:],
        lambda data: struct.pack("<Q", 2) + b"[]",
        lambda data: struct.pack("<Q", 20) + b"\xff" * 20,
    ],
)
def test_damaged_weights_are_refused_in_one_line(tmp_path, damage):
    weights.save(tmp_path / "model", TENSORS, {})
    path = tmp_path / "model" / weights.WEIGHTS
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match="not readable as safetensors") as error:
        weights.load(tmp_path / "model")
    assert "\n" not in str(error.value)


def test_other_types_are_refused(tmp_path):
    weights.save(tmp_path / "model", {"a": np.ones(2, np.float64)}, {})
    with pytest.raises(UserError, match="tensor a is F64"):
        weights.load(tmp_path / "model")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UserError, match="not found"):
        weights.load(tmp_path / "nothing")
    (tmp_path / "config.json").write_text(json.dumps({}))
    with pytest.raises(UserError, match="not found"):
        weights.load(tmp_path)


def test_tensors_that_fit_are_let_pass():
    tensors = {"films": np.array([[0, 2]], np.int32), "strength": np.ones((1, 2), np.float32)}
    weights.check(Path("m"), tensors, {"films": (1, 2), "strength": (1, 2)}, indices={"films": 3})


@pytest.mark.parametrize(
    ("tensor", "wrong"),
    [
        (np.ones((1, 3), np.float32), "float32 (1, 3), expected float32 (1, 2)"),
        (np.ones((1, 2), np.float64), "float64 (1, 2), expected float32 (1, 2)"),
        (np.ones(9, np.uint8)[1:].view(np.float32).reshape(1, 2), "expected float32 (1, 2)"),  # not aligned
    ],
)
def test_a_tensor_that_compiled_code_would_misread_is_refused(tensor, wrong):
    with pytest.raises(UserError, match=re.escape(wrong)):
        weights.check(Path("m"), {"a": tensor}, {"a": (1, 2)})


@pytest.mark.parametrize("place", [-1, 3])
def test_a_place_outside_of_its_table_is_refused(place):
    with pytest.raises(UserError, match="films beyond the 3 there are"):
        weights.check(
            Path("m"), {"films": np.array([0, place], np.int32)}, {"films": (2,)}, indices={"films": 3}
        )
