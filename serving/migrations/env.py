"""Alembic's entry: runs on the connection that the store hands over."""

from alembic import context

from serving.tables import Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations run through serving.store.Store.migrate")
# SQLite alters tables by copying them.
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
