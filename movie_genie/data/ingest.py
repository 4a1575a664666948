"""The stage `ingest`: read the chosen source, judge its rows, add the viewers' own, write data/raw/."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from movie_genie.config import DataConfig
from movie_genie.data.engine import Engine, Table, open_engine
from movie_genie.data.feedback import read_feedback
from movie_genie.data.films import films_table, untitled
from movie_genie.data.metadata import read_metadata
from movie_genie.data.ratings import REASONS, UNKNOWN_FILM, judge, parse
from movie_genie.data.schemas import (
    FIRST_VIEWER_ID,
    METADATA,
    MOVIES,
    RATINGS,
    REJECTED,
    write_table,
)
from movie_genie.data.sources import Source, as_fields, check_pin, read_source
from movie_genie.errors import UserError
from movie_genie.files import write_json

log = logging.getLogger(__name__)

FEEDBACK_FILE = "feedback/ratings.parquet"
"""The viewers' ratings, in data/; rejected rows are told by this name."""


def ingest(config: DataConfig, root: Path, now: int) -> None:
    """Write ratings, movies, metadata, rejected rows and their profile under `root`/data/raw.

    Parameters
    ----------
    root
        The repository's root; the paths in `config` are relative to it.
    now
        Seconds since 1970: later ratings are rejected. Nothing else depends on it.

    Raises
    ------
    UserError
        When the source cannot be read, holds no ratings, or has more bad rows than `max_rejected_share`; the
        bad rows are then in data/raw/rejected.parquet, and nothing else is written. Viewers' rows take no part in
        that: what they rated must not stop the pipeline.
    """
    raw = root / "data" / "raw"
    with open_engine(root / "data" / "cache" / "duckdb") as engine:
        source = read_source(config.source, root, engine)
        rows = engine.create_table("rows", parse(source.ratings, ordered=source.ordered, viewers=False))
        movies = source.films.table if source.films else _films_of(rows)
        rows = _with_viewers(rows, root / "data" / FEEDBACK_FILE, engine)
        movie_ids = engine.create_table("movie_ids", movies.select(["movie_id"]))
        judged = engine.create_table("judged", judge(rows, movie_ids, config, now))
        taken = judged.filter(judged.reason.isnull()).order_by("file_order")
        filled = int(taken.filled.sum().to_pyarrow().as_py() or 0)
        ratings = taken.select(RATINGS.names).to_pyarrow().cast(RATINGS)
        rejected = judged.filter(judged.reason.notnull()).select(REJECTED.names).to_pyarrow().cast(REJECTED)
    if source.films:
        rejected = pa.concat_tables([source.films.rejected, rejected])
    rejected = rejected.sort_by([("source", "ascending"), ("row", "ascending")])
    rejected, unknown_films = _without_waiting(rejected)
    write_table(raw / "rejected.parquet", rejected, REJECTED)
    own = Rows(
        pc.sum(pc.less(ratings["user_id"], FIRST_VIEWER_ID)).as_py() or 0,
        rejected.filter(pc.not_equal(rejected["source"], FEEDBACK_FILE)),
    )
    _refuse_bad(source.name, own, config.max_rejected_share)
    metadata = _metadata(config, root, movies)
    write_table(raw / "movies.parquet", movies, MOVIES)
    write_table(raw / "metadata.parquet", metadata, METADATA)
    write_table(raw / "ratings.parquet", ratings, RATINGS)
    profile = _profile(source, ratings, movies, own) | {
        "viewers_ratings_of_unknown_films": unknown_films,
        "viewers_ratings_rejected": len(rejected) - len(own.rejected),
        "times_filled": filled,
        "films_with_metadata": len(metadata),
    }
    write_json(raw / "profile.json", profile)
    log.info(
        "%s: %d ratings of %d users and %d films, %d rows rejected",
        source.name,
        len(ratings),
        profile["users"],
        len(movies),
        profile["rejected"],
    )


def _films_of(rows: Table) -> pa.Table:
    """For a source that names no films: every film that is rated, called by its number."""
    ids = rows.filter(rows.parsed).movie_id.as_table().distinct().to_pyarrow()["movie_id"].to_pylist()
    return films_table({"movie_id": movie_id, "title": untitled(movie_id), "genres": []} for movie_id in ids)


def _with_viewers(rows: Table, snapshot: Path, engine: Engine) -> Table:
    """Append the viewers' ratings, in file order after all others."""
    feedback = read_feedback(snapshot, engine)
    if feedback is None:
        return rows
    viewers = parse(as_fields(feedback, FEEDBACK_FILE), ordered=False, viewers=True)
    offset = int(rows.file_order.max().to_pyarrow().as_py() or 0)
    return rows.union(viewers.mutate(file_order=viewers.file_order + offset).select(rows.columns))


def _metadata(config: DataConfig, root: Path, movies: pa.Table) -> pa.Table:
    if config.metadata is None:
        return METADATA.empty_table()
    path = root / config.metadata.path
    check_pin(path, config.metadata.sha256)
    return read_metadata(path, set(movies["movie_id"].to_pylist()))


def _without_waiting(rejected: pa.Table) -> tuple[pa.Table, int]:
    """Take out the viewers' ratings of films that the source does not have, and count them.

    They are no bad rows: the film was known when it was rated. The app keeps them, and counts them when it is again.
    """
    waiting = pc.and_(pc.equal(rejected["source"], FEEDBACK_FILE), pc.equal(rejected["reason"], UNKNOWN_FILM))
    return rejected.filter(pc.invert(waiting)), pc.sum(waiting).as_py() or 0


@dataclass(frozen=True)
class Rows:
    """The source's own: how many ratings were taken, and the rows that were not."""

    taken: int
    rejected: pa.Table

    @property
    def rejected_share(self) -> float:
        """Of all of them."""
        return len(self.rejected) / max(1, self.taken + len(self.rejected))

    def counts(self) -> dict[str, int]:
        """How many were rejected for each reason."""
        found = {
            entry["values"]: entry["counts"] for entry in self.rejected["reason"].value_counts().to_pylist()
        }
        return {reason: found.get(reason, 0) for reason in REASONS}


def _refuse_bad(name: str, own: Rows, allowed: float) -> None:
    """Stop where there is nothing to go on with, or too much of it is bad."""
    if len(own.rejected) and (own.rejected_share > allowed or not own.taken):
        counts = ", ".join(f"{count} {reason}" for reason, count in own.counts().items() if count)
        first = own.rejected.slice(0, 1).to_pylist()[0]
        raise UserError(
            f"{name}: {own.rejected_share:.1%} of its rows are bad ({counts}), "
            f"max_rejected_share allows {allowed:.1%}; "
            f"the first: {first['source']} row {first['row']}, {first['reason']}: {first['text'][:60]!r}; "
            "all of them: data/raw/rejected.parquet"
        )
    if not own.taken:
        raise UserError(f"{name}: there are no ratings in it")


def _profile(source: Source, ratings: pa.Table, movies: pa.Table, own: Rows) -> dict[str, Any]:
    """Flat figures for `dvc metrics`; the same data gives the same figures, on any day."""
    users = pc.count_distinct(ratings["user_id"]).as_py()
    viewers = ratings["user_id"].filter(pc.greater_equal(ratings["user_id"], FIRST_VIEWER_ID))
    times = pc.min_max(ratings["timestamp"]).as_py()
    return {
        "source": source.name,
        "source_checksum": source.checksum,
        "ratings": len(ratings),
        "users": users,
        "films": len(movies),
        "films_rated": pc.count_distinct(ratings["movie_id"]).as_py(),
        "density": round(len(ratings) / (users * len(movies)), 6),
        "mean_rating": round(float(ratings["rating"].to_numpy().astype("float64").mean()), 4),
        "first_rating": _day(times["min"]),
        "last_rating": _day(times["max"]),
        "viewers": pc.count_distinct(viewers).as_py(),
        "viewers_ratings": len(viewers),
        "rejected": len(own.rejected),
        "rejected_share": round(own.rejected_share, 6),
        **{f"rejected_{reason}": count for reason, count in own.counts().items()},
    }


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
