"""An account can be locked, and its password set anew by whoever holds a link."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the moment of a lock, and the links."""
    op.add_column("viewers", sa.Column("locked_at", sa.BigInteger))
    serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    owner = sa.ForeignKey("viewers.id", ondelete="CASCADE", name="fk_password_resets_viewer_id")
    op.create_table(
        "password_resets",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("viewer_id", serial, owner, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("viewer_id", name="uq_password_resets_viewer_id"),
    )


def downgrade() -> None:
    """Forget locks and links."""
    op.drop_table("password_resets")
    op.drop_column("viewers", "locked_at")
