import hashlib
import io
import random
import zipfile
from pathlib import Path

import pytest

from movie_genie.data.download import BLOCK, download, extract, published_md5
from movie_genie.errors import UserError

CONTENT = random.Random(1).randbytes(3_000_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def server(serve):
    return serve(CONTENT)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "set.zip"


def get(server, target: Path, md5: str = MD5) -> None:
    download(f"{server.url}/set.zip", target, md5, attempts=2, pause=0)


def test_a_whole_file_is_not_fetched_again(server, target: Path) -> None:
    get(server, target)
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 1
    assert [path.name for path in target.parent.iterdir()] == ["set.zip"]


def test_a_transfer_that_breaks_off_goes_on_from_there(server, target: Path) -> None:
    server.cuts = [1_200_000, 900_000]
    get(server, target)
    assert target.read_bytes() == CONTENT
    first, second, third = (
        int(asked.removeprefix("bytes=")[:-1]) if asked else 0 for _, asked in server.requests
    )
    assert first == 0
    assert 1_200_000 - BLOCK < second <= 1_200_000
    assert second + 900_000 - BLOCK < third <= second + 900_000


def test_what_an_earlier_run_left_is_resumed(server, target: Path) -> None:
    server.cuts = [1_000_000, 0, 0, 0]
    with pytest.raises(UserError, match=r"broke off after 917,504 bytes, which are kept.*run again"):
        get(server, target)
    assert not target.exists()
    server.cuts = []
    server.requests.clear()
    get(server, target)
    assert [asked for _, asked in server.requests] == ["bytes=917504-"]
    assert target.read_bytes() == CONTENT


def test_a_server_without_ranges_is_asked_for_the_whole(server, target: Path) -> None:
    server.ranges = False
    server.cuts = [1_000_000]
    get(server, target)
    assert target.read_bytes() == CONTENT


def test_a_leftover_of_another_file_is_thrown_away(server, target: Path) -> None:
    target.parent.mkdir()
    (target.parent / "set.zip.part").write_bytes(b"something else")
    get(server, target)
    assert target.read_bytes() == CONTENT


def test_a_leftover_that_is_already_whole_is_taken(server, target: Path) -> None:
    target.parent.mkdir()
    (target.parent / "set.zip.part").write_bytes(CONTENT)
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 1


def test_a_wrong_md5_leaves_no_file_and_keeps_the_old_one(server, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(UserError, match=f"wrong MD5: expected {'0' * 32}, got {MD5}"):
        get(server, target, md5="0" * 32)
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == ["set.zip"]


def test_a_busy_server_is_asked_again(server, target: Path) -> None:
    server.statuses = [503, 429]
    get(server, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(("statuses", "said"), [([404], "404"), ([500] * 3, "500")])
def test_a_refusal_names_its_status(server, target: Path, statuses: list[int], said: str) -> None:
    server.statuses = statuses
    with pytest.raises(UserError, match=f"the server answers {said}"):
        get(server, target)


def test_without_a_network_there_is_one_message_with_a_way_out(server, target: Path, caplog) -> None:
    server.http.server_close()
    with pytest.raises(UserError, match=r"cannot be reached .*make data SOURCE=packaged") as caught:
        get(server, target)
    assert "\n" not in str(caught.value)
    assert caplog.records == []


def test_a_full_disk_is_a_clear_error(server, target: Path) -> None:
    target.parent.mkdir()
    (target.parent / "set.zip.part").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"set\.zip\.part: could not be written: No space left"):
        get(server, target)


@pytest.mark.parametrize("text", [f"MD5 (set.zip) = {MD5}\n", f"{MD5.upper()}  set.zip\n"])
def test_the_published_md5_is_read_in_both_spellings(server, text: str) -> None:
    server.md5_text = text
    assert published_md5(f"{server.url}/set.zip") == MD5


def test_a_page_without_an_md5_is_refused(server) -> None:
    server.md5_text = "<html>moved</html>"
    with pytest.raises(UserError, match="holds no MD5"):
        published_md5(f"{server.url}/set.zip")


def zip_of(**members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return packed.getvalue()


def test_only_the_data_files_are_extracted(tmp_path: Path) -> None:
    archive = tmp_path / "set.zip"
    archive.write_bytes(
        zip_of(**{"ml/ratings.csv": "r", "ml/movies.csv": "m", "ml/README.txt": "x", "ml/tags.csv": "t"})
    )
    out = tmp_path / "out"
    out.mkdir()
    assert extract(archive, out) == ["ratings.csv", "movies.csv"]
    assert {path.name: path.read_text() for path in out.iterdir()} == {"ratings.csv": "r", "movies.csv": "m"}


@pytest.mark.parametrize(
    "name", ["../ratings.csv", "ml/../../ratings.csv", "/ratings.csv", "..\\ratings.csv", "../ml/ratings.csv"]
)
def test_a_name_that_climbs_out_of_the_archive_is_not_followed(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "a" / "set.zip"
    archive.parent.mkdir()
    archive.write_bytes(zip_of(**{name: "evil", "ml/movies.csv": "m"}))
    out = tmp_path / "a" / "b" / "out"
    out.mkdir(parents=True)
    with pytest.raises(UserError, match="expected one file of ratings"):
        extract(archive, out)
    assert [path for path in tmp_path.rglob("*ratings*")] == []


def test_a_damaged_archive_is_a_clear_error(tmp_path: Path) -> None:
    archive = tmp_path / "set.zip"
    archive.write_bytes(zip_of(**{"ml/ratings.csv": "r" * 1000})[:-30])
    with pytest.raises(UserError, match=r"set\.zip: not a whole zip archive"):
        extract(archive, tmp_path)
