"""The first tables, and the views that reads go through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from control_plane.storage.types import UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FLEET = """
create view fleet as
select d.*,
  (select m.id from matches m where m.device_id = d.id order by m.last desc, m.id desc limit 1) as match_id
from device d
"""

# a match that will not go on: its boot is over, or the device is at a later match
MATCH_SUMMARY = """
create view match_summary as
select m.*, d.name as device_name, d.online as device_online, d.since as device_since,
  case
    when m.finished is not null then 'finished'
    when m.boot_id <> d.boot_id then 'interrupted'
    when exists (select 1 from matches n where n.device_id = m.device_id and n.last > m.last) then 'interrupted'
    else 'running'
  end as state
from matches m join device d on d.id = m.device_id
"""


def upgrade() -> None:
    """Make them all."""
    op.create_table(
        "bundle",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("pushed", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_bundle"),
    )
    op.create_table(
        "committed",
        sa.Column("device_id", sa.String(length=63), nullable=False),
        sa.Column("boot_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "boot_id", name="pk_committed"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received", UtcTime(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letter"),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("boot_id", sa.String(length=36), nullable=True),
        sa.Column("connection", sa.BigInteger(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("since", UtcTime(), nullable=True),
        sa.Column("heard", UtcTime(), nullable=True),
        sa.Column("first_seen", UtcTime(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reported", sa.Text(), nullable=True),
        sa.Column("telemetry", sa.Text(), nullable=True),
        sa.Column("desired", sa.Text(), nullable=True),
        sa.Column("desired_version", sa.BigInteger(), nullable=False),
        sa.Column("reported_version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
    )
    op.create_table(
        "event",
        sa.Column("device_id", sa.String(length=63), nullable=False),
        sa.Column("boot_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("match_id", sa.String(length=36), nullable=True),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("received", UtcTime(), nullable=False),
        sa.Column("historical", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "boot_id", "seq", name="pk_event"),
    )
    op.create_index("ix_event_match_id", "event", ["match_id"])
    op.create_table(
        "matches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=63), nullable=False),
        sa.Column("boot_id", sa.String(length=36), nullable=False),
        sa.Column("last", UtcTime(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("digits", sa.Integer(), nullable=True),
        sa.Column("started_t", sa.Float(), nullable=True),
        sa.Column("started", UtcTime(), nullable=True),
        sa.Column("finished_t", sa.Float(), nullable=True),
        sa.Column("finished", UtcTime(), nullable=True),
        sa.Column("p1", sa.BigInteger(), nullable=True),
        sa.Column("p1_seq", sa.BigInteger(), nullable=False),
        sa.Column("p2", sa.BigInteger(), nullable=True),
        sa.Column("p2_seq", sa.BigInteger(), nullable=False),
        sa.Column("prediction", sa.Text(), nullable=True),
        sa.Column("prediction_seq", sa.BigInteger(), nullable=False),
        sa.Column("p1_final", sa.BigInteger(), nullable=True),
        sa.Column("p2_final", sa.BigInteger(), nullable=True),
        sa.Column("winner", sa.Integer(), nullable=True),
        sa.Column("historical", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_matches"),
    )
    op.create_index("ix_matches_device_id_last", "matches", ["device_id", "last"])
    op.create_index("ix_matches_last", "matches", ["last"])
    op.create_table(
        "model_step",
        sa.Column("device_id", sa.String(length=63), nullable=False),
        sa.Column("boot_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("desired_version", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("version", sa.String(length=120), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "boot_id", "seq", name="pk_model_step"),
    )
    op.create_index("ix_model_step_device_id_desired_version", "model_step", ["device_id", "desired_version"])
    op.create_table(
        "sample",
        sa.Column("match_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("t", sa.Float(), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("historical", sa.Boolean(), nullable=False),
        sa.Column("p1", sa.BigInteger(), nullable=True),
        sa.Column("p2", sa.BigInteger(), nullable=True),
        sa.Column("p1_win", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("progress", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("match_id", "seq", name="pk_sample"),
    )
    op.execute(FLEET)
    op.execute(MATCH_SUMMARY)


def downgrade() -> None:
    """Remove them all."""
    for view in ("match_summary", "fleet"):
        op.execute(f"drop view {view}")
    for table in ("bundle", "committed", "dead_letter", "device", "event", "matches", "model_step", "sample"):
        op.drop_table(table)
