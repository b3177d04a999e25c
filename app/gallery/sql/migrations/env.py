"""Alembic's entry: run the migrations on the engine that the caller gives."""

from alembic import context
from sqlalchemy import Connection, text

from app.gallery.sql.sqlite import WRITES

_LOCK = 4_115_204_611
"""Key of the lock by which PostgreSQL lets one process migrate at a time."""


def run() -> None:
    """Run the migrations that are due, all in one transaction."""
    engine = context.config.attributes["engine"]
    with engine.connect() as connection:
        writing = connection.execution_options(**{WRITES: True})
        with writing.begin():
            _lock(writing)
            context.configure(connection=writing, transactional_ddl=True)
            with context.begin_transaction():
                context.run_migrations()


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


run()
