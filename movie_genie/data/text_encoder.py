"""Embeds many texts at once, each only the first time it is seen.

A text's vector has the same bytes whatever stands beside it, in the cache, and on however many cores: every
batch is ROWS x L for an L that the text alone decides, and is computed by one thread. (Measured: exchanging or
permuting the other rows of such a batch changes no bit; a batch of another shape may.) The cores work on different
batches, which also bears a busy neighbour better than splitting every product between them.
"""

import hashlib
import logging
import os
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from movie_genie.cli import progress
from movie_genie.data import minilm, minilm_export
from movie_genie.data.minilm import Floats, MiniLM
from movie_genie.data.schemas import EMBEDDING_SIZE
from movie_genie.files import atomic_path

ROWS = 16
"""Texts a batch: matrices wide enough for full speed, small enough for a core's cache."""

SAVE_EVERY_SECONDS = 60.0
"""How much work an interrupted run may lose."""

log = logging.getLogger(__name__)


def embed(texts: Sequence[str], cache_folder: Path) -> Floats:
    """Unit vectors of the texts: (texts, 384), the ones seen before from the cache.

    Raises
    ------
    UserError
        When the model's package is missing or damaged, or the cache cannot be written.
    """
    version = minilm_export.version(minilm_export.package_folder())
    cache = EmbeddingCache(cache_folder / f"{minilm_export.NAME}-{version}.npz")
    new = sorted({text for text in texts if text not in cache})
    if new:
        model = MiniLM.load(minilm_export.exported(cache_folder))
        saved = time.monotonic()
        for batch, vectors in _embed(model, new):
            cache.add(batch, vectors)
            if time.monotonic() - saved > SAVE_EVERY_SECONDS:
                cache.save()
                saved = time.monotonic()
        cache.save()
    return cache.vectors(texts)


def padded_length(tokens: int) -> int:
    """The length a text is padded to: on a grid that adds at most an eighth, so that batches fill up.

    >>> [padded_length(n) for n in (5, 16, 17, 33, 100)]
    [5, 16, 18, 36, 104]
    """
    step = 1 << max(0, tokens.bit_length() - 4)
    return -(-tokens // step) * step


def _embed(model: MiniLM, texts: Sequence[str]) -> Iterator[tuple[list[str], Floats]]:
    """Yield (texts, their vectors) batch by batch, the shortest texts first."""
    tokens = model.tokens(texts)
    lengths: dict[int, list[int]] = defaultdict(list)
    for row, ids in enumerate(tokens):
        lengths[padded_length(len(ids))].append(row)
    batches = [
        (rows[first : first + ROWS], length)
        for length, rows in sorted(lengths.items())
        for first in range(0, len(rows), ROWS)
    ]
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        done = pool.map(
            lambda batch: model.vectors(_padded([tokens[row] for row in batch[0]], batch[1])), batches
        )
        for (rows, _), vectors in progress(zip(batches, done, strict=True), "Embedding", len(batches)):
            yield [texts[row] for row in rows], vectors[: len(rows)]
    finally:
        pool.shutdown(cancel_futures=True)


def _padded(tokens: Sequence[Sequence[int]], length: int) -> NDArray[np.int64]:
    """(ROWS, length) token ids; rows that no text fills repeat the first, since an empty row has no vector."""
    batch = np.full((ROWS, length), minilm.PADDING, dtype=np.int64)
    for row in range(ROWS):
        ids = tokens[row] if row < len(tokens) else tokens[0]
        batch[row, : len(ids)] = ids
    return batch


class EmbeddingCache:
    """Vectors by the hash of their text, in one .npz file, whose checksums show damage."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._vectors: dict[bytes, Floats] = {}
        if path.exists():
            try:
                self._read()
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                log.warning("%s: damaged (%s); its texts are embedded again", path, error)

    def __contains__(self, text: str) -> bool:
        return _key(text) in self._vectors

    def add(self, texts: Sequence[str], vectors: Floats) -> None:
        """Take in (texts, 384) vectors."""
        self._vectors.update(zip(map(_key, texts), vectors, strict=True))

    def vectors(self, texts: Sequence[str]) -> Floats:
        """(texts, 384), each of which must be known."""
        rows = [self._vectors[_key(text)] for text in texts]
        return np.stack(rows) if rows else np.empty((0, EMBEDDING_SIZE), dtype=np.float32)

    def save(self) -> None:
        """Write everything known, whole or not at all."""
        keys = np.frombuffer(b"".join(self._vectors), dtype=np.uint8).reshape(-1, KEY_SIZE)
        with atomic_path(self._path) as temporary, temporary.open("wb") as file:
            np.savez(file, keys=keys, vectors=np.stack(list(self._vectors.values())))

    def _read(self) -> None:
        with np.load(self._path, allow_pickle=False) as stored:
            keys, vectors = stored["keys"], stored["vectors"]
        if (
            keys.shape != (len(vectors), KEY_SIZE)
            or vectors.shape[1:] != (EMBEDDING_SIZE,)
            or vectors.dtype != np.float32
        ):
            raise ValueError(f"vectors of shape {vectors.shape}")
        self._vectors = dict(zip(map(bytes, keys), vectors, strict=True))


KEY_SIZE = 16


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=KEY_SIZE).digest()
