"""Models with random weights whose answers can be worked out by hand."""

from pathlib import Path

import numpy as np
import tiny

from movie_genie import artifacts, weights
from movie_genie.inference.followers import Followers
from movie_genie.inference.models import load
from movie_genie.inference.sequence_model import SequenceModel
from movie_genie.inference.two_stage import Ranker, Source, TwoStage

ITEMS, DIM, MAX_HISTORY = 30, 8, 20


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32) * np.float32(0.5)


def sequence_model(
    folder: Path, seed: int, explained: bool = True, reads_ratings: bool = False
) -> SequenceModel:
    """State: the sum of the latest films' vectors, times a random matrix; see `tiny_networks`."""
    networks = tiny.tiny_networks(normal(seed + 1, DIM, DIM), reads_ratings)
    if not explained:
        networks.pop(artifacts.CONTRIBUTIONS, None)
    tensors = {"film_vectors": normal(seed, ITEMS, DIM), "bias": normal(seed + 2, ITEMS)}
    if reads_ratings:
        tensors["usual_stars"] = normal(seed + 3, ITEMS) + np.float32(3.5)
    about = {"kind": artifacts.SEQUENCE_MODEL, "max_history": MAX_HISTORY, "reads_ratings": reads_ratings}
    weights.save(folder, tensors, about, networks)
    return load(folder)


def followers(seed: int) -> Followers:
    films = np.random.default_rng(seed).integers(0, ITEMS, (ITEMS, 4)).astype(np.int32)
    return Followers(films, normal(seed, ITEMS, 4), decay=0.8, window=10)


def two_stage(folder: Path, candidates: int = 10) -> TwoStage:
    return TwoStage(
        (
            Source("tower", sequence_model(folder / "tower", 1), candidates),
            Source("ridge", followers(2), candidates),
        ),
        (Ranker("ranker", sequence_model(folder / "ranker", 3, reads_ratings=True)),),
        np.array([1.0, 0.5, 0.7], np.float32),
    )
