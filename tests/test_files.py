"""A file is written whole or not at all, and what was there stays until then."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from movie_genie.errors import UserError
from movie_genie.files import atomic_path, digest, read_json, write_json, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_is_whole_and_alone(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "a.txt", "première\n")
    assert (tmp_path / "deep" / "a.txt").read_text(encoding="utf-8") == "première\n"
    assert names(tmp_path / "deep") == ["a.txt"]


def test_a_failure_half_way_keeps_the_old_file_and_leaves_no_crumbs(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(ZeroDivisionError), atomic_path(target) as temporary:
        temporary.write_text("half of the n")
        _ = 1 / 0
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_replaces_a_folder_whole(tmp_path: Path) -> None:
    target = tmp_path / "weights"
    target.mkdir()
    (target / "old").touch()
    with atomic_path(target) as temporary:
        temporary.mkdir()
        (temporary / "new").touch()
        assert names(target) == ["old"]
    assert names(target) == ["new"]
    assert names(tmp_path) == ["weights"]


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    program = (
        "import os, signal, sys; from pathlib import Path; from movie_genie.files import atomic_path\n"
        "with atomic_path(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(target)], check=False)
    assert done.returncode == -9
    assert target.read_text() == "old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, the device that is always full")
def test_a_full_disk_is_one_line_and_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(UserError) as error, atomic_path(target) as temporary:
        temporary.symlink_to("/dev/full")  # writes through it fail as on a full disk
        temporary.write_text("new")
    assert str(error.value) == f"{target}: could not be written: No space left on device"
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"could not be written: Not a directory|File exists"):
        write_text(tmp_path / "file" / "a.txt", "x")


def test_json_keeps_order_and_letters_and_refuses_nan(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"z": 1, "a": "é"})
    assert path.read_text(encoding="utf-8") == '{\n  "z": 1,\n  "a": "é"\n}\n'
    assert read_json(path) == {"z": 1, "a": "é"}
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"z": math.nan})
    assert json.loads(path.read_text()) == {"z": 1, "a": "é"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", "not valid JSON: "),
        (b"[1]", "expected a JSON object, got list"),
        (b"\xff", "not valid JSON: "),
        (b'{"n": ' + b"9" * 5000 + b"}", "not valid JSON: "),
        (b"[" * 100_000, "not valid JSON: "),
    ],
)
def test_broken_json_names_the_file(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read_json(path)
    assert str(error.value).startswith(f"{path}: {expected}")


def test_missing_json_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not found"):
        read_json(tmp_path / "a.json")


def test_json_that_the_disk_does_not_give_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to("circle")
    for name, reason in (
        ("folder", "Is a directory"),
        ("file/a.json", "Not a directory"),
        ("circle", "Too many levels of symbolic links"),
    ):
        with pytest.raises(UserError) as error:
            read_json(tmp_path / name)
        assert str(error.value) == f"{tmp_path / name}: could not be read: {reason}"


def test_digests_are_those_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert digest(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest(path, "md5") == "900150983cd24fb0d6963f7d28e17f72"
