"""Where devices stand, what they are tagged with, what is wrong with them, and what they handed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from control_plane.storage.migrations.versions.v0001_first_light import FLEET, MATCH_SUMMARY
from control_plane.storage.types import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXTS = ("site", "tags", "note", "problems", "offline_reason")


def upgrade() -> None:
    """Add columns, and make the views anew, which else would not have them everywhere."""
    _drop_views()
    for name in TEXTS:
        op.add_column("device", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_device_site", "device", ["site"])
    op.create_table(
        "diagnostics",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=63), nullable=False),
        sa.Column("asked", UtcTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=60), nullable=False),
        sa.Column("received", UtcTime(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_diagnostics"),
    )
    op.create_index("ix_diagnostics_device_id", "diagnostics", ["device_id"])
    _make_views()


def downgrade() -> None:
    """Remove them."""
    _drop_views()
    op.drop_table("diagnostics")
    op.drop_index("ix_device_site", "device")
    for name in TEXTS:
        op.drop_column("device", name)
    _make_views()


def _drop_views() -> None:
    for view in ("match_summary", "fleet"):
        op.execute(f"drop view {view}")


def _make_views() -> None:
    for view in (FLEET, MATCH_SUMMARY):
        op.execute(view)
