"""A history lies ready in its order: what every recommendation reads first."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Index a viewer's ratings by time, with all that a history tells."""
    op.create_index("ix_ratings_history", "ratings", ["viewer_id", "rated_at", "movie_id", "rating"])


def downgrade() -> None:
    """Histories are sorted at each request again."""
    op.drop_index("ix_ratings_history", "ratings")
