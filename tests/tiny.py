"""A small project as the pipeline leaves it: real titles, made-up ratings, models with random weights."""

import csv
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import text_model
from onnx import TensorProto
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info
from onnx.numpy_helper import from_array

from movie_genie import artifacts, weights
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
SHARE = 0.05

FLOAT, BOOL = TensorProto.FLOAT, TensorProto.BOOL


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
        artifacts.RECIPE: {
            "sources": [
                {"name": "two_tower", "candidates": 25, "weight": 1.0},
                {"name": "sequential_ridge", "candidates": 15, "weight": 0.5},
            ],
            "rankers": [
                {"name": "bert4rec", "weight": 0.7},
                {"name": "content_profile", "weight": 0.3},
            ],
            "newcomers": {"model": "content_profile", "strength": 1.0, "films": 5.0},
        },
        "key_metrics.json": {"leave_one_out_integrated_ndcg_at_10": 0.2, "seed": seed},
        "gate.json": {
            "passed": True,
            "incumbent": None,
            "checks": [],
            "models": {
                name: artifacts.fingerprint(_folder(root, name, schemas.RELEASED))
                for name in (*SOURCES, *RANKERS)
            },
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


SOURCES, RANKERS = (
    {"two_tower": "two_tower", "sequential_ridge": "two_tower"},
    {
        "bert4rec": "bert4rec",
        "content_profile": "two_tower",
    },
)
"""Each model, and the stage that trains it."""


def write_models(root: Path, items: int, seed: int) -> None:
    """Write all models with random weights, where training writes them."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return (random.normal(size=shape) / np.sqrt(shape[-1])).astype(np.float32)

    about = {"kind": artifacts.SEQUENCE_MODEL, "max_history": MAX_HISTORY}
    for protocol in schemas.PROTOCOLS:
        for name in ("two_tower", "bert4rec"):
            tensors = {"film_vectors": normal(items, DIM), "bias": normal(items)}
            reads_ratings = name == "bert4rec"
            if reads_ratings:
                tensors["usual_stars"] = np.linspace(2.5, 4.5, items, dtype=np.float32)
            networks = tiny_networks(normal(DIM, DIM), reads_ratings)
            settings = about | {"reads_ratings": reads_ratings}
            weights.save(_folder(root, name, protocol), tensors, settings, networks)
        followers = {
            "films": random.integers(0, items, (items, 3)).astype(np.int32), "strength": normal(items, 3)
        }  # fmt: skip
        settings = {"kind": artifacts.FOLLOWERS, "decay": 0.8, "window": 40}
        weights.save(_folder(root, "sequential_ridge", protocol), followers, settings)
        vectors = {"film_vectors": normal(items, DIM)}
        settings = {"kind": artifacts.CONTENT_PROFILE, "window": 50}
        weights.save(_folder(root, "content_profile", protocol), vectors, settings)


def _folder(root: Path, name: str, protocol: str) -> Path:
    stage = (SOURCES | RANKERS)[name]
    return root / artifacts.MODELS / stage / artifacts.WEIGHTS / protocol / name


def tiny_networks(mix: np.ndarray, reads_ratings: bool = False) -> dict[str, bytes]:
    """The smallest networks there are: a state is the sum of a history's films times `mix` (dim, dim).

    One that reads ratings gives no reasons. Its second state is as its first, but each film counts by how many more
    stars than usual it got; the sum of those is the level. Both are SHARE of that.
    """
    dim = len(mix)
    history = {"films": (FLOAT, ("batch", "time", dim)), "present": (BOOL, ("batch", "time"))}
    mixed = [make_node("ReduceSum", ["films", "time_axis"], ["sum"], keepdims=0)]
    mixed += [make_node("MatMul", ["sum", "mix"], ["state"])]
    if reads_ratings:
        history |= {name: (FLOAT, ("batch", "time")) for name in ("stars", "usual")}
        history |= {"ages": (TensorProto.INT64, ("batch", "time"))}
        mixed += [
            make_node("Sub", ["stars", "usual"], ["surprise"]),  # (batch, time)
            make_node("Mul", ["surprise", "share"], ["counts"]),
            make_node("ReduceSum", ["counts", "time_axis"], ["level"]),  # (batch, 1)
            make_node("Unsqueeze", ["counts", "last_axis"], ["column"]),
            make_node("Mul", ["films", "column"], ["counted"]),
            make_node("ReduceSum", ["counted", "time_axis"], ["counted_sum"], keepdims=0),
            make_node("MatMul", ["counted_sum", "mix"], ["taste"]),
            make_node("Concat", ["state", "taste", "level"], ["all"], axis=1),
        ]
        return {artifacts.NETWORK: _graph(mixed, history, "all", ("batch", 2 * dim + 1), mix)}
    network = _graph(mixed, history, "state", ("batch", dim), mix)
    own = [make_node("MatMul", ["films", "mix"], ["mixed"])]  # (1, time, dim)
    own += [make_node("Transpose", ["mixed"], ["films_last"], perm=[0, 2, 1])]
    own += [make_node("MatMul", ["items", "films_last"], ["each"])]  # (1, n, time)
    own += [make_node("Squeeze", ["each", "batch_axis"], ["contributions"])]
    inputs = {
        "films": (FLOAT, (1, "time", dim)),
        "present": (BOOL, (1, "time")),
        "items": (FLOAT, ("n", dim)),
    }
    contributions = _graph(own, inputs, "contributions", ("n", "time"), mix)
    return {artifacts.NETWORK: network, artifacts.CONTRIBUTIONS: contributions}


def _graph(nodes, inputs, name, shape, mix) -> bytes:
    """What is taken and not needed does no harm: an absent film's vector and stars are zero."""
    constants = [
        from_array(mix, "mix"),
        from_array(np.array([0]), "batch_axis"),
        from_array(np.array([1]), "time_axis"),
        from_array(np.array([-1]), "last_axis"),
        from_array(np.array(SHARE, np.float32), "share"),
    ]
    graph = make_graph(
        nodes,
        name,
        [make_tensor_value_info(key, kind, own) for key, (kind, own) in inputs.items()],
        [make_tensor_value_info(name, FLOAT, shape)],
        constants,
    )
    model = make_model(graph, opset_imports=[make_opsetid("", 18)], ir_version=10)
    return model.SerializeToString(deterministic=True)


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
