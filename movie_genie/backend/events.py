"""What viewers were shown and what they clicked, and the click-through of each kind of row and release."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Float, Row, case, cast, func, insert, select

from movie_genie.backend.clock import now
from movie_genie.backend.database import Database
from movie_genie.backend.inputs import EventIn
from movie_genie.backend.system_outputs import ClickThrough
from movie_genie.backend.tables import events


class Events:
    """Kept a row an event; they go with the viewer they belong to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, viewer_id: int, release_id: str, happened: Sequence[EventIn]) -> None:
        """Keep what happened on a viewer's page."""
        moment = now()
        rows = [
            {
                "viewer_id": viewer_id,
                "release_id": release_id,
                "row_kind": event.row,
                "kind": event.kind,
                "movie_id": event.movie_id,
                "position": event.position,
                "created_at": moment,
            }
            for event in happened
        ]
        with self._database.write() as connection:
            connection.execute(insert(events), rows)

    def of(self, viewer_id: int) -> Sequence[Row[Any]]:  # Any: as the table says
        """Return all that is kept of a viewer, oldest first."""
        query = select(events).where(events.c.viewer_id == viewer_id).order_by(events.c.id)
        with self._database.read() as connection:
            return connection.execute(query).all()

    def click_through(self) -> list[ClickThrough]:
        """Return every release's kinds of rows, the most shown first; each viewer counts the same in a rate."""
        row = (events.c.release_id, events.c.row_kind)
        each = (
            select(
                *row,
                func.sum(case((events.c.kind == "impression", 1), else_=0)).label("shown"),
                func.sum(case((events.c.kind == "click", 1), else_=0)).label("clicked"),
            )
            .group_by(*row, events.c.viewer_id)
            .subquery()
        )
        own = case(
            (each.c.shown == 0, None),
            (each.c.clicked >= each.c.shown, 1.0),
            else_=cast(each.c.clicked, Float) / each.c.shown,
        )
        total = func.sum(each.c.shown)
        query = (
            select(each.c.release_id, each.c.row_kind, total, func.sum(each.c.clicked), func.avg(own))
            .group_by(each.c.release_id, each.c.row_kind)
            .order_by(each.c.release_id, total.desc(), each.c.row_kind)
        )
        with self._database.read() as connection:
            return [
                # int: PostgreSQL adds up whole numbers to decimals
                ClickThrough(
                    release_id=release, row=row_kind, impressions=int(shown), clicks=int(clicked), rate=rate
                )
                for release, row_kind, shown, clicked, rate in connection.execute(query)
            ]
