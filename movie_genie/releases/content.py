"""What a release is made of: the pipeline's outputs, in the form that serves fastest.

Every file's name stands here, or with whoever reads it in a room below.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from movie_genie.artifacts import (
    CATALOGUE_FILE,
    METRICS,
    MODELS,
    RANKS,
    RECIPE,
    RESULTS,
    VERDICT,
    model_folders,
)
from movie_genie.data import dataset, minilm, schemas
from movie_genie.data.schemas import RELEASED
from movie_genie.engine import personas, search, word_index
from movie_genie.engine.recommender import TEXT_VECTORS
from movie_genie.engine.schemas import CATALOGUE, PERSONA_RATINGS, PERSONAS, WORD_INDEX
from movie_genie.errors import UserError
from movie_genie.files import read_json
from movie_genie.history import LIKED

COPIED = (RECIPE, METRICS, VERDICT, RANKS)
"""What is copied of results/."""

WEB = "web"
"""Folder of the web app."""

MANIFEST = "manifest.json"
"""Names all other files, with their checksums."""

HALF_LIFE_SECONDS = 180 * 24 * 3600
"""After this long, a rating counts half towards what is popular now."""

VIEWERS_SHARE = 0.25
"""By so much of what it is among the data set's users do viewers make a film more popular, at most …"""

VIEWERS_HALF = 50
"""… and by half of that, where so many of them like it: what everybody is shown is not a few accounts' to decide."""


def assemble(project: Path, target: Path) -> None:
    """Write a release's files into the new folder `target`.

    Parameters
    ----------
    project : Path
        Root of the project, with the outputs of all stages before this one.

    Raises
    ------
    UserError
        When an output is missing or not what its schema says.
    """
    target.mkdir(parents=True)
    _copy_models(project, target)
    for name in COPIED:
        _copy(project / RESULTS / name, target / name)
    _copy(project / "frontend/dist", target / WEB)
    films = dataset.read_films(project)
    users = schemas.read_arrow(project / dataset.PROCESSED / "users.parquet", schemas.USERS)
    ratings = schemas.read_arrow(project / "data/raw/ratings.parquet", schemas.RATINGS)
    movie_ids = dataset.movie_ids(films)
    _write_films(target, films, ratings, movie_ids)
    _write_personas(target, ratings, users, movie_ids)
    copy_text_model(project, target)


def copy_text_model(project: Path, target: Path) -> None:
    """The model that embedded the films, for what viewers search."""
    _copy(project / minilm.FOLDER, target / search.TEXT_MODEL)


def _copy_models(project: Path, target: Path) -> None:
    """The models that the recipe names, trained for the released protocol."""
    recipe, folders = read_json(project / RESULTS / RECIPE), model_folders(project, RELEASED)
    for one in (*recipe["sources"], *recipe["rankers"]):
        if one["name"] not in folders:
            raise UserError(f"{project / MODELS}: no model {one['name']!r}; `dvc repro` trains it")
        _copy(folders[one["name"]], target / MODELS / one["name"])


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile)
    elif source.is_file():
        shutil.copyfile(source, target)
    else:
        raise UserError(f"{source}: not found; `dvc repro` makes it")


def _write_films(target: Path, content: pa.Table, ratings: pa.Table, movie_ids: NDArray[np.int64]) -> None:
    """What is told of films: the catalogue, the index of words and the texts' vectors."""
    columns = {name: content[name] for name in schemas.CONTENT.names if name != "embedding"} | {
        "item_idx": pa.array(np.arange(len(movie_ids), dtype=np.int32)),
        **_opinion(ratings, movie_ids),
    }
    _write_arrow(target / CATALOGUE_FILE, columns, CATALOGUE)
    _write_arrow(target / word_index.FILE, word_index.table_of(_texts(content)), WORD_INDEX)
    np.save(target / TEXT_VECTORS, dataset.text_vectors(content))


def _opinion(ratings: pa.Table, movie_ids: NDArray[np.int64]) -> dict[str, pa.Array]:
    """What everybody is told of each film: how many rated it, their average, and how popular it is now.

    Count and average are the data set's users' alone, as anybody may become a viewer, and more than one. Viewers do
    make a film more popular, within bounds; low ratings make none popular.
    """
    items = len(movie_ids)
    rated, known = _item_idx(ratings, movie_ids)
    stars, times, users = (ratings[name].to_numpy()[known] for name in ("rating", "timestamp", "user_id"))
    own = users < schemas.FIRST_VIEWER_ID
    counts = np.bincount(rated[own], minlength=items)
    with np.errstate(invalid="ignore"):
        average = np.bincount(rated[own], weights=stars[own].astype(np.float64), minlength=items) / counts
    popularity, viewers = (
        _recent_likes(rated[whose], stars[whose], times[whose], items) for whose in (own, ~own)
    )
    popularity *= 1 + VIEWERS_SHARE * viewers / (viewers + VIEWERS_HALF)
    return {
        "ratings_count": pa.array(counts.astype(np.int32)),
        "average_rating": pa.array(average.astype(np.float32), from_pandas=True),  # NaN becomes null
        "popularity": pa.array(popularity.astype(np.float32)),
    }


def _recent_likes(
    rated: NDArray[np.int64], stars: NDArray[np.float32], times: NDArray[np.int64], items: int
) -> NDArray[np.float64]:
    """How many liked each film, older ratings counting less: (items,).

    Older than the newest of them, not than the clock says: the same data, the same bytes.
    """
    age = times.max(initial=0) - times
    weights = (stars >= LIKED) * 0.5 ** (age / HALF_LIFE_SECONDS)
    return np.bincount(rated, weights, items).astype(np.float64)


def _texts(content: pa.Table) -> Iterator[str]:
    """All that is told of each film."""
    for row in content.select(["title", "genres", "keywords", "overview"]).to_pylist():
        yield " ".join([row["title"], *row["genres"], *(row["keywords"] or []), row["overview"] or ""])


def _write_personas(target: Path, ratings: pa.Table, users: pa.Table, movie_ids: NDArray[np.int64]) -> None:
    """Personas and their ratings: only the data set's users, so that no viewer is shown."""
    ids = users["user_id"].to_numpy()
    ids = ids[ids < schemas.FIRST_VIEWER_ID]
    items, known = _item_idx(ratings, movie_ids)
    user = ratings["user_id"].to_numpy()[known]
    mine = np.isin(user, ids)
    user, items = user[mine], items[mine]
    stars, times = (ratings[name].to_numpy()[known][mine] for name in ("rating", "timestamp"))
    order = np.lexsort((ratings["file_order"].to_numpy()[known][mine], times, user))
    user, items, stars, times = user[order], items[order], stars[order], times[order]
    first = np.searchsorted(user, ids)
    counts = np.searchsorted(user, ids, side="right") - first
    sums = np.concatenate([[0.0], np.cumsum(stars, dtype=np.float64)])
    average = (sums[first + counts] - sums[first]) / np.maximum(counts, 1)
    people = {
        "user_id": pa.array(ids),
        "first": pa.array(first.astype(np.int64)),
        "ratings_count": pa.array(counts.astype(np.int32)),
        "average_rating": pa.array(average.astype(np.float32)),
    }
    _write_arrow(target / personas.FILE, people, PERSONAS)
    item_idx = pa.array(items.astype(np.int32))
    rows = {"item_idx": item_idx, "rating": pa.array(stars), "timestamp": pa.array(times)}
    _write_arrow(target / personas.RATINGS_FILE, rows, PERSONA_RATINGS)


def _item_idx(ratings: pa.Table, movie_ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """item_idx of the ratings whose film is in the vocabulary, and which ratings those are."""
    rated = ratings["movie_id"].to_numpy()
    place = np.minimum(np.searchsorted(movie_ids, rated), len(movie_ids) - 1)
    known = movie_ids[place] == rated
    return place[known], known


def _write_arrow(path: Path, columns: dict[str, pa.Array], schema: pa.Schema) -> None:
    """Write an uncompressed Arrow file, which can be mapped into memory as it is."""
    table = pa.table({name: columns[name] for name in schema.names}, schema=schema).combine_chunks()
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_table(table)
