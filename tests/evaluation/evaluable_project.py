"""A small project with split ratings and two models of random weights, before it is evaluated."""

from pathlib import Path

import numpy as np
import tiny
from small_split import split_ratings

from movie_genie.data import schemas
from movie_genie.files import write_json


def make_evaluable(root: Path, seed: int) -> Path:
    """A tiny project with interactions.parquet and splits.json; another seed, other ratings and models."""
    tiny.make_project(root, seed)
    random = np.random.default_rng(seed)
    sequences = [random.permutation(len(tiny.FILMS))[: random.integers(4, 15)].tolist() for _ in range(25)]
    times = [sorted(random.integers(0, 3_000, len(films)).tolist()) for films in sequences]
    interactions = split_ratings(sequences, times, validation_from=1_500, test_from=2_200)
    processed = root / "data/processed"
    schemas.write_table(processed / "interactions.parquet", interactions, schemas.INTERACTIONS)
    hashes = {f"{protocol}_hash": f"{protocol} of seed {seed}" for protocol in schemas.PROTOCOLS}
    write_json(processed / "splits.json", hashes)
    return root
