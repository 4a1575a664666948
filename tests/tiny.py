"""A small project as the pipeline leaves it: real titles, made-up ratings, models with random weights."""

import csv
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import text_model

from movie_genie import weights
from movie_genie.data import schemas
from movie_genie.data.text_encoder import embed


class Film(NamedTuple):
    """A line of tiny_films.csv."""

    movie_id: int
    title: str
    year: int | None
    genres: list[str]
    overview: str | None


def _films() -> list[Film]:
    with Path(__file__).with_name("tiny_films.csv").open(encoding="utf-8", newline="") as file:
        return [
            Film(
                int(line["movie_id"]),
                line["title"],
                int(line["year"]) if line["year"] else None,
                line["genres"].split("|") if line["genres"] else [],
                line["overview"] or None,
            )
            for line in csv.DictReader(file)
        ]


FILMS = _films()
"""In the order of their ids; nobody rated the last one."""


PERSONAS = 12
VIEWER = schemas.FIRST_VIEWER_ID + 3
"""A viewer of the app whose ratings came back with the feedback: part of the data, no persona."""

DIM, MAX_HISTORY = 16, 20


def make_project(root: Path, seed: int = 7) -> Path:
    """Write what every stage before `backend_server` writes; another seed gives other models and ratings."""
    random = np.random.default_rng(seed)
    _write_tables(root, random)
    write_models(root, len(FILMS), seed)
    write_results(root, seed)
    return root


def write_results(root: Path, seed: int) -> None:
    """Write what the evaluation and the web app's build leave: a passed gate, few figures, an empty page."""
    results = {
        "fusion.json": {"fusion_weight": 0.1, "candidates": 30},
        "key_metrics.json": {"leave_one_out_integrated_ndcg_at_10": 0.2, "seed": seed},
        "gate.json": {
            "passed": True,
            "incumbent": None,
            "checks": [],
            "models": weights.fingerprints(root / "models", schemas.PROTOCOLS[0]),
        },
    }
    for name, value in results.items():
        _write_text(root / "results" / name, json.dumps(value))
    per_user = pa.table({"user_idx": pa.array([0], pa.int32()), "rank": [0.0]})
    schemas.write_table(root / "results/per_user.parquet", per_user, per_user.schema)
    _write_text(
        root / "frontend/dist/index.html", "<!doctype html><title>Movie Genie</title><div id=root></div>"
    )
    _write_text(root / "frontend/dist/assets/index-abc123.js", "export {};")


def write_models(root: Path, items: int, seed: int) -> None:
    """Write both models with random weights, under the names that training gives them."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return (random.normal(size=shape) / np.sqrt(shape[-1])).astype(np.float32)

    def ones(size: int) -> np.ndarray:
        return np.ones(size, np.float32)

    two_tower = {
        "item_vectors": normal(items, DIM), "bias": normal(items),
        "user_tower.norm.weight": ones(3 * DIM), "user_tower.norm.bias": normal(3 * DIM),
        "user_tower.hidden.weight": normal(2 * DIM, 3 * DIM), "user_tower.hidden.bias": normal(2 * DIM),
        "user_tower.out.weight": normal(DIM, 2 * DIM), "user_tower.out.bias": normal(DIM),
    }  # fmt: skip
    two_tower |= {
        "neighbours.films": random.integers(0, items, (items, 3)).astype(np.int32),
        "neighbours.strength": normal(items, 3),
    }
    config = {"decays": [0.3, 0.8, 0.98], "max_history": MAX_HISTORY}
    config |= {"neighbour_decay": 0.8, "neighbour_window": 40}
    bert4rec = {
        "film_vectors": normal(items, DIM), "bias": normal(items), "mask": normal(DIM),
        "age.weight": normal(MAX_HISTORY + 1, DIM), "norm.weight": ones(DIM), "norm.bias": normal(DIM),
    }  # fmt: skip
    for block in ("blocks.0.", "blocks.1."):
        for norm in ("attention_norm", "feed_forward_norm"):
            bert4rec |= {f"{block}{norm}.weight": ones(DIM), f"{block}{norm}.bias": normal(DIM)}
        for name, out, into in (
            ("qkv", 3 * DIM, DIM),
            ("mix", DIM, DIM),
            ("up", 4 * DIM, DIM),
            ("down", DIM, 4 * DIM),
        ):
            bert4rec |= {f"{block}{name}.weight": normal(out, into), f"{block}{name}.bias": normal(out)}
    for name, tensors, about in (
        ("two_tower", two_tower, config),
        ("bert4rec", bert4rec, {"blocks": 2, "heads": 2, "max_history": MAX_HISTORY, "objective": "cloze"}),
    ):
        for protocol in schemas.PROTOCOLS:
            weights.save(root / "models" / name / "weights" / protocol, tensors, about)


def _write_tables(root: Path, random: np.random.Generator) -> None:
    movies = {
        "movie_id": [film.movie_id for film in FILMS],
        "title": [film.title for film in FILMS],
        "year": [film.year for film in FILMS],
        "genres": [film.genres for film in FILMS],
        "imdb_id": [f"tt{film.movie_id:07}" for film in FILMS],
        "tmdb_id": [film.movie_id + 10 if film.overview else None for film in FILMS],
        "overview": [film.overview for film in FILMS],
        "keywords": [["classic"] if film.overview else None for film in FILMS],
        "cast": [["An Actor", "An Actress"] if film.overview else None for film in FILMS],
        "directors": [["A Director"] if film.overview else None for film in FILMS],
        "runtime": [120 if film.overview else None for film in FILMS],
        "poster_path": [f"/{film.movie_id}.jpg" if film.overview else None for film in FILMS],
        "backdrop_path": [None for _ in FILMS],
        "embedding": list(_embeddings()),
    }
    processed = root / "data/processed"
    content = pa.table({name: movies[name] for name in schemas.CONTENT.names}, schema=schemas.CONTENT)
    schemas.write_table(processed / "content_features.parquet", content, schemas.CONTENT)
    vocabulary = pa.table(
        {"item_idx": np.arange(len(FILMS), dtype=np.int32), "movie_id": movies["movie_id"]},
        schema=schemas.VOCABULARY,
    )
    schemas.write_table(processed / "vocabulary.parquet", vocabulary, schemas.VOCABULARY)
    users = [*range(1, PERSONAS + 1), VIEWER]
    rows = [row for user in users for row in _ratings(user, random)]
    ratings = pa.table(
        {
            "user_id": [row[0] for row in rows],
            "movie_id": [row[1] for row in rows],
            "rating": pa.array([row[2] for row in rows], pa.float32()),
            "timestamp": [row[3] for row in rows],
            "file_order": range(len(rows)),
        },
        schema=schemas.RATINGS,
    )
    schemas.write_table(root / "data/raw/ratings.parquet", ratings, schemas.RATINGS)
    user_table = pa.table(
        {"user_idx": np.arange(len(users), dtype=np.int32), "user_id": users}, schema=schemas.USERS
    )
    schemas.write_table(processed / "users.parquet", user_table, schemas.USERS)


def _ratings(user: int, random: np.random.Generator) -> list[tuple[int, int, float, int]]:
    """One user's ratings: they like every fourth film from one of their own on, and others less."""
    count = 8 + 2 * (user % 10)  # more than `LATEST` for some
    films = random.permutation(len(FILMS) - 1)[:count]  # never the last one
    stars = [4.5 if film % 4 == user % 4 else 2.0 + random.integers(4) / 2 for film in films]
    return [
        (user, FILMS[film].movie_id, rating, 1_000_000 * place)
        for place, (film, rating) in enumerate(zip(films, stars, strict=True))
    ]


@cache
def _embeddings() -> np.ndarray:
    """The films' texts, embedded by the model that embeds queries: (films, 384)."""
    texts = [f"{film.title} ({film.year}). {', '.join(film.genres)}. {film.overview or ''}" for film in FILMS]
    return embed(texts, text_model.CACHE)


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
