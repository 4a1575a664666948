"""Viewers, their sessions, ratings, watchlists and events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "viewers",
        sa.Column("id", Serial, primary_key=True),
        sa.Column("name", sa.String(64)),
        sa.Column("name_key", sa.String(64)),
        sa.Column("password_hash", sa.String(256)),
        sa.Column("is_admin", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("name_key", name="uq_viewers_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        _owner("sessions"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_sessions_viewer_id", "sessions", ["viewer_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "ratings",
        _owner("ratings"),
        sa.Column("movie_id", sa.BigInteger, nullable=False),
        sa.Column("rating", sa.Float),
        sa.Column("rated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("viewer_id", "movie_id", name="pk_ratings"),
        sa.CheckConstraint("rating >= 0.5 AND rating <= 5", name="ck_ratings_range"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watchlist",
        _owner("watchlist"),
        sa.Column("movie_id", sa.BigInteger, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("viewer_id", "movie_id", name="pk_watchlist"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events",
        sa.Column("id", Serial, primary_key=True),
        _owner("events"),
        sa.Column("release_id", sa.String(64), nullable=False),
        sa.Column("row_kind", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("movie_id", sa.BigInteger),
        sa.Column("position", sa.Integer),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_events_release_id", "events", ["release_id", "row_kind"])
    op.create_index("ix_events_viewer_id", "events", ["viewer_id"])


def _owner(table: str) -> sa.Column[int]:
    owner = sa.ForeignKey("viewers.id", ondelete="CASCADE", name=f"fk_{table}_viewer_id")
    return sa.Column("viewer_id", Serial, owner, nullable=False)
