"""The stage `sequential_processing`: users' ratings in order, users and films numbered, two ways to split."""

import hashlib
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from movie_genie.config import SequencesConfig
from movie_genie.data.engine import Table, open_engine
from movie_genie.data.schemas import (
    FIRST_VIEWER_ID,
    INTERACTIONS,
    MOVIES,
    PROTOCOLS,
    RATINGS,
    TEST,
    TRAIN,
    USERS,
    VALIDATION,
    VOCABULARY,
    read_arrow,
    write_table,
)
from movie_genie.errors import UserError
from movie_genie.files import write_json

log = logging.getLogger(__name__)

SPLITS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


def process_sequences(config: SequencesConfig, root: Path) -> None:
    """Write interactions, vocabulary, users and the splits' figures under `root`/data/processed.

    The vocabulary holds every film of MOVIES, rated or not, by movie_id: item_idx is the film's row there.

    Raises
    ------
    UserError
        When the raw tables are missing or broken, or too few ratings are left for a split.
    """
    processed = root / "data" / "processed"
    ratings = read_arrow(root / "data" / "raw" / "ratings.parquet", RATINGS)
    movie_ids = read_arrow(root / "data" / "raw" / "movies.parquet", MOVIES)["movie_id"]
    recent = latest_of_viewers(ratings, config.most_viewer_ratings)
    kept = enough_ratings(recent, config.min_user_ratings)
    if not len(kept):
        raise UserError(
            f"no user has {config.min_user_ratings} ratings (min_user_ratings in configs/sequences.yaml)"
        )
    validation_from, test_from = time_cuts(
        kept["timestamp"].to_numpy(),
        time_weights(kept["user_id"].to_numpy(), config.viewer_time_share),
        config.temporal_validation_share,
        config.temporal_test_share,
    )
    vocabulary = _numbered(movie_ids, "item_idx", VOCABULARY)
    users = _numbered(pc.unique(kept["user_id"]), "user_idx", USERS)
    with open_engine(root / "data" / "cache" / "duckdb") as engine:
        events = order(
            engine.create_table("ratings", kept),
            engine.create_table("users", users),
            engine.create_table("films", vocabulary),
        )
        events = split(events, validation_from, test_from)
        table = events.order_by("user_idx", "position").to_pyarrow()
    figures = _figures(table, validation_from, test_from) | {
        "films": len(vocabulary),
        "users_left_out": pc.count_distinct(ratings["user_id"]).as_py() - len(users),
        "viewers": pc.sum(_of_viewers(users)).as_py(),
        "viewers_events": pc.sum(_of_viewers(kept)).as_py() or 0,
        "viewers_ratings_left_out": len(ratings) - len(recent),
    }
    for protocol in PROTOCOLS:
        for name in SPLITS:
            if not figures[f"{protocol}_{name}"]:
                raise UserError(
                    f"data/raw/ratings.parquet: the {protocol} split has no {name} ratings; "
                    "the data are too few, or all of one time"
                )
    write_table(processed / "interactions.parquet", table, INTERACTIONS)
    write_table(processed / "vocabulary.parquet", vocabulary, VOCABULARY)
    write_table(processed / "users.parquet", users, USERS)
    write_json(processed / "splits.json", figures)
    log.info("%d users, %d films, %d events", figures["users"], figures["films"], figures["events"])


def latest_of_viewers(ratings: pa.Table, most: int) -> pa.Table:
    """Keep of each viewer's ratings the latest `most`, and all of the source's own users.

    Anybody may become a viewer and import whole catalogues: no single one shall outweigh what others rated.
    """
    users, times, places = (ratings[name].to_numpy() for name in ("user_id", "timestamp", "file_order"))
    (rows,) = np.nonzero(users >= FIRST_VIEWER_ID)
    rows = rows[np.lexsort((places[rows], times[rows], users[rows]))]
    after = np.searchsorted(users[rows], users[rows], side="right") - np.arange(len(rows))
    kept = np.ones(len(users), bool)
    kept[rows[after > most]] = False
    return ratings.filter(pa.array(kept))


def enough_ratings(ratings: pa.Table, least: int) -> pa.Table:
    """Keep the users with at least `least` ratings."""
    counts = ratings.group_by("user_id").aggregate([("user_id", "count")])
    kept = counts.filter(pc.greater_equal(counts["user_id_count"], least))["user_id"]
    return ratings.filter(pc.is_in(ratings["user_id"], kept))


def time_weights(users: np.ndarray, viewer_share: float) -> np.ndarray:
    """How much each event counts where time is cut: (events,), 1 for the source's own users.

    Viewers' events are almost always the latest. If each counted, two viewers who import a catalogue would be the whole
    test and the whole validation. So all events of a viewer together count as at most `viewer_share` of the source's
    own, but as no less than one: only many viewers can move the cuts.

    Parameters
    ----------
    users : (events,) int
        user_id; viewers' are FIRST_VIEWER_ID or more.
    """
    weights = np.ones(len(users))
    (rows,) = np.nonzero(users >= FIRST_VIEWER_ID)
    most = max(1.0, viewer_share * (len(users) - len(rows)))
    _, whose, counts = np.unique(users[rows], return_inverse=True, return_counts=True)
    weights[rows] = np.minimum(1, most / counts)[whose]
    return weights


def time_cuts(
    times: np.ndarray, weights: np.ndarray, validation_share: float, test_share: float
) -> tuple[int, int]:
    """Find the times from which events are validation and test.

    Events of one time stay together, so that a share may come out somewhat larger than asked for.

    Parameters
    ----------
    times : (events,) int
        In any order; at least one.
    weights : (events,) float
        How much each counts towards the shares; more than 0.

    Returns
    -------
    The first time of the validation, the first time of the test. They are equal where no validation is left.
    """
    order = np.argsort(times, kind="stable")
    until = np.cumsum(weights[order])
    before = until[-1] * (1 - validation_share - test_share), until[-1] * (1 - test_share)
    places = np.minimum(np.searchsorted(until, before, side="right"), len(times) - 1)
    validation, test = times[order[places]]
    return int(validation), int(test)


def order(ratings: Table, users: Table, films: Table) -> Table:
    """Number users and films, and each user's events from the oldest: by time, then by the file's own order.

    Returns
    -------
    Table
        user_id, movie_id, user_idx, item_idx, rating, timestamp, position.
    """
    import ibis

    table = ratings.inner_join(users, "user_id").inner_join(films, "movie_id")
    position = ibis.row_number().over(group_by=table.user_idx, order_by=[table.timestamp, table.file_order])
    return table.mutate(position=position).drop("file_order")


def split(events: Table, validation_from: int, test_from: int) -> Table:
    """Mark each event's part in both protocols.

    leave_one_out: a user's last event is TEST, the one before it VALIDATION, if the user has at least three.
    temporal: from `test_from` on TEST, from `validation_from` on VALIDATION, for all users alike.
    """
    import ibis

    length = events.position.max().over(group_by=events.user_idx) + 1
    from_end = length - events.position
    return events.mutate(
        leave_one_out=ibis.cases(
            ((length >= 3) & (from_end == 1), TEST),
            ((length >= 3) & (from_end == 2), VALIDATION),
            else_=TRAIN,
        ),
        temporal=ibis.cases(
            (events.timestamp >= test_from, TEST),
            (events.timestamp >= validation_from, VALIDATION),
            else_=TRAIN,
        ),
    )


def split_hash(events: pa.Table, protocol: str) -> str:
    """sha256 over (user_id, movie_id, part) of the events in order: equal hashes, equal split data."""
    digest = hashlib.sha256()
    for column in ("user_id", "movie_id", protocol):
        digest.update(events[column].to_numpy().astype("<i8").tobytes())
    return digest.hexdigest()


def _of_viewers(table: pa.Table) -> pa.ChunkedArray:
    return pc.greater_equal(table["user_id"], FIRST_VIEWER_ID)


def _numbered(ids: pa.ChunkedArray, index: str, schema: pa.Schema) -> pa.Table:
    ordered = np.sort(ids.to_numpy())
    return pa.table([np.arange(len(ordered), dtype=np.int32), ordered], names=[index, schema.names[1]]).cast(
        schema
    )


def _figures(events: pa.Table, validation_from: int, test_from: int) -> dict[str, Any]:
    """Flat figures for `dvc metrics`."""
    user = events["user_idx"].to_numpy()
    lengths = np.bincount(user)
    figures: dict[str, Any] = {
        "users": len(lengths),
        "films": 0,
        "events": len(events),
        "users_left_out": 0,
        "viewers": 0,
        "viewers_events": 0,
        "viewers_ratings_left_out": 0,
        "median_history": int(np.median(lengths)),
        "longest_history": int(lengths.max()),
    }
    for protocol in PROTOCOLS:
        part = events[protocol].to_numpy()
        figures |= {f"{protocol}_{name}": int((part == value).sum()) for name, value in SPLITS.items()}
        figures[f"{protocol}_test_users"] = len(np.unique(user[part == TEST]))
        figures[f"{protocol}_hash"] = split_hash(events, protocol)
    return figures | {
        "temporal_validation_from": _time(validation_from),
        "temporal_test_from": _time(test_from),
    }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
