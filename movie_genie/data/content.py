"""What is known of each film, from the source, an imported metadata file and TMDB, and the vector of its text."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from movie_genie.config import ContentConfig
from movie_genie.data import minilm, minilm_export
from movie_genie.data.film_titles import natural
from movie_genie.data.schemas import (
    CONTENT,
    EMBEDDING_SIZE,
    METADATA,
    MOVIES,
    read_arrow,
    write_table,
)
from movie_genie.data.text_encoder import embed
from movie_genie.data.tmdb import Client
from movie_genie.data.tmdb_answers import Facts, Film, look_up
from movie_genie.files import atomic_path, write_json

CACHE = "data/cache/embeddings"
"""Vectors of texts seen before, and the exported text model."""

Row = dict[str, Any]  # Any: a row of CONTENT, whose columns differ in type

FACTS = tuple(name for name in METADATA.names if name != "movie_id")
"""The columns of CONTENT that a metadata file or TMDB can fill."""

NOTHING_KNOWN: Row = {name: [] if pa.types.is_list(METADATA.field(name).type) else None for name in FACTS}

WORTH_ASKING = ("overview", "poster_path", "cast")
"""A film that lacks one of these is asked for."""

log = logging.getLogger(__name__)


def extract_content(config: ContentConfig, root: Path, api_key: str | None) -> None:
    """Write content_features.parquet, content.json and text_model/ of data/processed/.

    New answers of TMDB go to data/tmdb/.

    Raises
    ------
    UserError
        When an input is missing or damaged, an output cannot be written, or TMDB fails (see `look_up`).
    """
    movies = read_arrow(root / "data/raw/movies.parquet", MOVIES).to_pylist()
    imported = read_arrow(root / "data/raw/metadata.parquet", METADATA).to_pylist()
    rows = [{**NOTHING_KNOWN, **movie, "title": natural(movie["title"])} for movie in movies]
    rows = fill(rows, {facts["movie_id"]: facts for facts in imported})
    answers = _ask_tmdb(config, rows, root / "data/tmdb", api_key)
    rows = fill(rows, {movie_id: facts.model_dump() for movie_id, facts in answers.items()})
    vectors = embed([film_text(row, config) for row in rows], root / CACHE)
    table = pa.Table.from_pylist(
        rows, schema=pa.schema([field for field in CONTENT if field.name != "embedding"])
    )
    embeddings = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), EMBEDDING_SIZE)
    table = table.append_column("embedding", embeddings)
    counts = coverage(rows)
    with atomic_path(root / minilm.FOLDER) as temporary:
        shutil.copytree(minilm_export.exported(root / CACHE), temporary, copy_function=shutil.copyfile)
    write_table(root / "data/processed/content_features.parquet", table, CONTENT)
    write_json(root / "data/processed/content.json", counts)
    log.info("%d films, %d with overview, poster and cast", counts["films"], counts["complete"])


def fill(rows: Sequence[Row], facts: Mapping[int, Row]) -> list[Row]:
    """Fill what a film lacks from the facts under its movie_id; what is known already stays."""
    filled = []
    for row in rows:
        more = facts.get(row["movie_id"], {})
        filled.append({**row, **{name: row[name] or more.get(name) or row[name] for name in FACTS}})
    return filled


def _ask_tmdb(
    config: ContentConfig, rows: Sequence[Row], folder: Path, api_key: str | None
) -> dict[int, Facts]:
    """TMDB's facts of the films that are worth asking for, by movie_id; without a key, those kept in `folder`."""
    films = [
        Film(row["movie_id"], row["title"], row["year"], row["imdb_id"], row["tmdb_id"])
        for row in rows
        if not _knows(row)
    ]
    if not films:
        return {}
    if not api_key:
        log.info("TMDB_API_KEY is not set: going on with what is known")
        return look_up(films, folder, None)
    with Client(
        config.tmdb_base_url,
        api_key,
        requests_per_second=config.tmdb_requests_per_second,
        timeout_seconds=config.tmdb_timeout_seconds,
        retries=config.tmdb_retries,
    ) as client:
        return look_up(films, folder, client)


def _knows(row: Row) -> bool:
    return all(row[name] for name in WORTH_ASKING)


def film_text(row: Row, config: ContentConfig) -> str:
    """What the text model reads of a film: the overview last, since a long one is cut off at `max_words`."""
    sentences = [
        f"{row['title']} ({row['year']})" if row["year"] else row["title"],
        ", ".join(row["genres"]),
        _after("Keywords: ", row["keywords"][: config.keywords_in_text]),
        _after("Directed by ", row["directors"]),
        _after("With ", row["cast"][: config.cast_in_text]),
        row["overview"] or "",
    ]
    words = ". ".join(sentence for sentence in sentences if sentence).split()
    return " ".join(words[: config.max_words])


def _after(beginning: str, names: Sequence[str]) -> str:
    return beginning + ", ".join(names) if names else ""


def coverage(rows: Sequence[Row]) -> dict[str, int | float]:
    """Of how many films something is known; `complete` ones have overview, poster and cast."""
    counts = {"films": len(rows), "complete": sum(map(_knows, rows))}
    for name in ("year", "genres", *FACTS):
        counts[f"with_{name.removesuffix('_path')}"] = sum(bool(row[name]) for row in rows)
    return {**counts, "complete_share": round(counts["complete"] / max(len(rows), 1), 6)}
