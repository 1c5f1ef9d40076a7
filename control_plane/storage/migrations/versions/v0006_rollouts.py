"""Rollouts, their devices and decisions, and how challengers compare."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from control_plane.storage.types import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FIGURES = ("log_loss", "exact_reads", "abstentions", "latency_ms")
SIDES = ("champion", "challenger")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "rollout",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("challenger", sa.Text(), nullable=False),
        sa.Column("challenger_name", sa.Text(), nullable=False),
        sa.Column("champion", sa.Text(), nullable=False),
        sa.Column("champion_name", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("approved", sa.Text(), nullable=False),
        sa.Column("waits", sa.Text(), nullable=False),
        sa.Column("judged", sa.Text(), nullable=True),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("created", UtcTime(), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rollout"),
    )
    op.create_table(
        "rollout_device",
        sa.Column("rollout", sa.String(length=60), nullable=False),
        sa.Column("device_id", sa.String(length=63), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("canary", sa.Boolean(), nullable=False),
        sa.Column("want", sa.String(length=20), nullable=False),
        sa.Column("since", UtcTime(), nullable=True),
        sa.Column("written", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("rollout", "device_id", name="pk_rollout_device"),
    )
    op.create_index("ix_rollout_device_device_id", "rollout_device", ["device_id"])
    op.create_table(
        "rollout_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rollout", sa.String(length=60), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=60), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rollout_decision"),
    )
    op.create_index("ix_rollout_decision_rollout", "rollout_decision", ["rollout"])
    op.create_table(
        "compared",
        sa.Column("device_id", sa.String(length=63), nullable=False),
        sa.Column("boot_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("rollout", sa.String(length=60), nullable=False),
        sa.Column("match_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("champion", sa.Text(), nullable=False),
        sa.Column("champion_sha256", sa.String(length=64), nullable=True),
        sa.Column("challenger_sha256", sa.String(length=64), nullable=True),
        *(
            sa.Column(f"{who}_{name}", sa.Float(), nullable=True)
            for name in FIGURES
            for who in ("champion", "challenger")
        ),
        sa.PrimaryKeyConstraint("device_id", "boot_id", "seq", name="pk_compared"),
    )
    op.create_index("ix_compared_rollout_device_id", "compared", ["rollout", "device_id"])
    op.create_index("ix_compared_kind", "compared", ["kind"])


def downgrade() -> None:
    """Drop them."""
    for table in ("compared", "rollout_decision", "rollout_device", "rollout"):
        op.drop_table(table)
