import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import text_model
from safetensors.numpy import load_file, save_file

from movie_genie.data import minilm, minilm_export, text_encoder
from movie_genie.data.minilm import MiniLM
from movie_genie.data.text_encoder import ROWS, embed
from movie_genie.errors import UserError

ROBOT = "A lonely robot cleans up an abandoned Earth."
TEXTS = [ROBOT, "WALL·E", "", "Four weddings and a funeral, in London.", "東京物語 — 1953", "a b " * 9]
THIEF = "A detective follows a thief through the city at night."


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM.load(text_model.exported())


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the model had to read, as they are read."""
    texts: list[str] = []
    tokens = MiniLM.tokens

    def spy(model: MiniLM, batch: Sequence[str]) -> list[list[int]]:
        texts.extend(batch)
        return tokens(model, batch)

    monkeypatch.setattr(MiniLM, "tokens", spy)
    return texts


def cache_file(folder: Path) -> Path:
    (path,) = folder.glob("*.npz")
    return path


def test_vectors_have_unit_length_and_stand_in_the_order_of_the_texts(tmp_path: Path) -> None:
    vectors = embed(TEXTS, tmp_path)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), 384), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert embed(TEXTS[::-1], tmp_path).tobytes() == vectors[::-1].tobytes()
    assert embed([], tmp_path).shape == (0, 384)


def test_texts_of_one_meaning_are_close(tmp_path: Path) -> None:
    robot, same, other = embed([ROBOT, "Left alone on our planet, a machine tidies up.", "Tax law"], tmp_path)
    assert robot @ same > 0.4 > 0.2 > robot @ other


def test_a_text_has_the_same_bytes_whatever_stands_beside_it(tmp_path: Path) -> None:
    words = ["night", "city", "love", "war", "the", "of", "robot", "queen", "Paris", "1953"]
    random = np.random.default_rng(3)
    crowd = [" ".join(random.choice(words, 6)) for _ in range(2 * ROWS)] + TEXTS
    alone = {text: embed([text], tmp_path / str(number)) for number, text in enumerate(TEXTS)}
    together = embed(crowd, tmp_path / "crowd")
    for text, vector in zip(crowd, together, strict=True):
        if text in alone:
            assert vector.tobytes() == alone[text].tobytes(), text


def test_a_text_has_the_same_bytes_in_whichever_row_it_stands(model: MiniLM) -> None:
    random = np.random.default_rng(5)
    for length in (6, 18, 36, 104):
        batch = random.integers(1000, 20_000, (ROWS, length))
        order = random.permutation(ROWS)
        assert model.vectors(batch[order]).tobytes() == model.vectors(batch)[order].tobytes(), length


def test_the_bytes_do_not_depend_on_what_the_cache_holds(tmp_path: Path) -> None:
    embed(TEXTS[:2], tmp_path / "grown")
    assert embed(TEXTS, tmp_path / "grown").tobytes() == embed(TEXTS, tmp_path / "fresh").tobytes()


def test_the_bytes_do_not_depend_on_the_number_of_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = []
    for cores in (1, 5):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        vectors.append(embed(TEXTS, tmp_path / str(cores)).tobytes())
    assert vectors[0] == vectors[1]


def test_a_known_text_is_not_read_again(tmp_path: Path, seen: list[str]) -> None:
    embed([ROBOT, ROBOT, "new"], tmp_path)
    assert sorted(seen) == sorted([ROBOT, "new"])
    embed([ROBOT, "newer"], tmp_path)
    assert seen[2:] == ["newer"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "empty"])
def test_a_damaged_cache_is_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    vectors = embed(TEXTS, tmp_path)
    path = cache_file(tmp_path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "cut": whole[:middle],
            "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "foreign": b"{}",
            "empty": b"",
        }[damage]
    )
    assert embed(TEXTS, tmp_path).tobytes() == vectors.tobytes()
    assert [record.levelno for record in caplog.records if "damaged" in record.getMessage()] == [
        logging.WARNING
    ]
    assert path.read_bytes() == whole


def test_an_interrupted_run_keeps_what_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: list[str]
) -> None:
    monkeypatch.setattr(text_encoder, "SAVE_EVERY_SECONDS", -1.0)
    vectors = MiniLM.vectors

    def failing(model: MiniLM, tokens: np.ndarray) -> np.ndarray:
        if tokens.shape[1] > 12:
            raise KeyboardInterrupt
        return vectors(model, tokens)

    with monkeypatch.context() as patch:
        patch.setattr(MiniLM, "vectors", failing)
        with pytest.raises(KeyboardInterrupt):
            embed(["robot", THIEF], tmp_path)
    seen.clear()
    embed(["robot", THIEF], tmp_path)
    assert seen == [THIEF]


def damaged_package(folder: Path, damage: str) -> Path:
    """A copy of the package's files with something wrong."""
    package = minilm_export.package_folder()
    for name in (minilm_export.CONFIG, minilm.TOKENIZER):
        shutil.copy(package / name, folder)
    tensors = load_file(package / minilm_export.TENSORS)
    if damage == "a tensor is missing":
        del tensors["encoder.layer.3.output.dense.weight"]
    if damage == "not finite":
        tensors["encoder.layer.3.output.dense.weight"][5, 5] = np.nan
    if damage == "no tokenizer":
        (folder / minilm.TOKENIZER).write_text("{}")
    save_file(tensors, folder / minilm_export.TENSORS)
    if damage == "cut":
        os.truncate(folder / minilm_export.TENSORS, 1000)
    if damage == "nowhere":
        (folder / minilm_export.TENSORS).unlink()
    return folder


@pytest.mark.slow  # transformers takes its time to load
@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("a tensor is missing", r"model\.safetensors: not readable: .*layer\.3\.output\.dense"),
        ("not finite", r"model\.safetensors: not readable: it holds values that are not finite"),
        ("cut", r"model\.safetensors: not readable"),
        ("nowhere", r"model\.safetensors: not readable"),
        ("no tokenizer", r"tokenizer\.json: not a readable tokenizer"),
    ],
)
def test_a_damaged_package_is_one_clear_error(tmp_path: Path, damage: str, told: str) -> None:
    package = damaged_package(tmp_path, damage)
    with pytest.raises(UserError, match=told):
        minilm_export.export(package, tmp_path / "export")
    assert not (tmp_path / "export").exists()


def test_a_package_without_its_weights_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"config\.json: not readable: No such file"):
        minilm_export.version(tmp_path)


@pytest.mark.slow  # an export takes its time
def test_a_damaged_export_is_made_again_and_has_the_same_bytes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shared = text_model.exported()
    export = Path(shutil.copytree(shared, tmp_path / shared.name))
    os.truncate(export / minilm.WEIGHTS, 1_000_000)
    assert text_model.export_in(tmp_path) == export
    assert "the text model is exported again" in caplog.text
    assert sorted(path.name for path in export.iterdir()) == sorted(path.name for path in shared.iterdir())
    for path in export.iterdir():
        assert path.read_bytes() == (shared / path.name).read_bytes(), path.name


@pytest.mark.slow  # the reference takes its time to load
def test_the_vectors_are_those_of_sentence_transformers(
    model: MiniLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    reference = pytest.importorskip("sentence_transformers").SentenceTransformer(
        str(minilm_export.package_folder()), device="cpu"
    )
    too_long = THIEF * 40
    texts = [*TEXTS, too_long, *(f"{ROBOT} {too_long[:length]}" for length in range(0, 900, 60))]
    assert len(model.tokens([too_long])[0]) == minilm.MOST_TOKENS
    expected = reference.encode(texts, normalize_embeddings=True)
    assert np.abs(embed(texts, tmp_path) - expected).max() < 1e-5
