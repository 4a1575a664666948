import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_genie.data.lines import read_lines
from movie_genie.errors import UserError


@given(st.binary())
def test_any_bytes_give_one_line_a_line_feed(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("lines") / "file.csv"
    path.write_bytes(content)
    assert len(list(read_lines(path))) == len(_lines(content))


def _lines(content: bytes) -> list[bytes]:
    parts = content.split(b"\n")
    return parts if parts[-1] else parts[:-1]


def test_a_byte_order_mark_and_windows_line_ends_do_not_show(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"\xef\xbb\xbfuserId,movieId\r\n1,2\r\n")
    assert list(read_lines(path)) == ["userId,movieId", "1,2"]


def test_only_the_line_end_is_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b" 1,MAX \t\r\n\n2,X\r")
    assert list(read_lines(path)) == [" 1,MAX \t", "", "2,X"]


def test_one_line_in_latin_1_does_not_change_the_others(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes("Amélie\n".encode() + "Amélie\n".encode("latin-1"))
    assert list(read_lines(path)) == ["Amélie", "Amélie"]


def test_a_gzip_that_was_cut_off_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    whole = gzip.compress(b"1,2\n" * 10_000)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"file\.csv\.gz: cannot be read: .* cut off"):
        list(read_lines(path))


def test_a_file_that_is_no_gzip_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(b"1,2\n")
    with pytest.raises(UserError, match=r"file\.csv\.gz: cannot be read"):
        list(read_lines(path))


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not found"):
        list(read_lines(tmp_path / "none.csv"))
