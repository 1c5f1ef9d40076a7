"""Where model versions come from, how far each is trusted, what they are called, and what was decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from control_plane.storage.types import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXTS = {
    "pushed_by": "",
    "stage": "candidate",
    "data": "",
    "code": "",
    "card": "",
    "parameters": "{}",
    "metrics": "{}",
}


def upgrade() -> None:
    """Add columns and tables."""
    for name, value in TEXTS.items():
        op.add_column("bundle", sa.Column(name, sa.Text(), nullable=False, server_default=value))
    op.create_index("ix_bundle_name", "bundle", ["name"])
    op.create_table(
        "model_alias",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("given_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("kind", "alias", name="pk_model_alias"),
    )
    op.create_table(
        "model_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("operator", sa.String(length=60), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_decision"),
    )
    op.create_index("ix_model_decision_sha256", "model_decision", ["sha256"])


def downgrade() -> None:
    """Remove them."""
    for table in ("model_decision", "model_alias"):
        op.drop_table(table)
    op.drop_index("ix_bundle_name", "bundle")
    for name in TEXTS:
        op.drop_column("bundle", name)
