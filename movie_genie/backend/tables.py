"""The feedback database's tables. A change here needs a migration beside it (`migrations/versions`)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)

Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only if INTEGER


def _owner() -> Column[int]:
    return Column("viewer_id", Serial, ForeignKey("viewers.id", ondelete="CASCADE"), nullable=False)


viewers = Table(
    "viewers",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", String(64)),  # null: a guest
    Column("name_key", String(64), unique=True),  # the name as compared, without case
    Column("password_hash", String(256)),
    Column("is_admin", Boolean, nullable=False, default=False),
    Column("created_at", BigInteger, nullable=False),  # all times: milliseconds since 1970, UTC
    Column("locked_at", BigInteger),  # null: may sign in
    sqlite_autoincrement=True,  # a deleted viewer's number is never given to another
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # a stolen table opens no session
    _owner(),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Index("ix_sessions_viewer_id", "viewer_id"),
)

password_resets = Table(
    "password_resets",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _owner(),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("viewer_id"),
)

ratings = Table(
    "ratings",
    metadata,
    _owner(),
    Column("movie_id", BigInteger, nullable=False),
    Column("rating", Float),  # null: "not interested"
    Column("rated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("viewer_id", "movie_id"),
    CheckConstraint("rating >= 0.5 AND rating <= 5", name="range"),
    # holds a history in its order
    Index("ix_ratings_history", "viewer_id", "rated_at", "movie_id", "rating"),
    # a viewer's rows lie side by side: a history is read in half the time
    sqlite_with_rowid=False,
)

watchlist = Table(
    "watchlist",
    metadata,
    _owner(),
    Column("movie_id", BigInteger, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("viewer_id", "movie_id"),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    Column("id", Serial, primary_key=True),
    _owner(),
    Column("release_id", String(64), nullable=False),
    Column("row_kind", String(32), nullable=False),
    Column("kind", String(16), nullable=False),  # impression or click
    Column("movie_id", BigInteger),
    Column("position", Integer),  # 0-based place in the row
    Column("created_at", BigInteger, nullable=False),
    Index("ix_events_release_id", "release_id", "row_kind"),
    Index("ix_events_viewer_id", "viewer_id"),
)
