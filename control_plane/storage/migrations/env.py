"""How Alembic runs here: on the connection that it is handed, never on settings of its own."""

from __future__ import annotations

from alembic import context

from control_plane.storage.tables import Table

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Migrations run when the control plane starts; there is nothing to run by hand.")
context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
