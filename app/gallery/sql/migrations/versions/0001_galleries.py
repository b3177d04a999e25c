"""Galleries, the bundles that made their embeddings, and identities.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

from app.errors import SchemaError
from app.gallery.sql.postgres import OLDEST_PGVECTOR
from app.gallery.sql.tables import Moment, PackedBits, Vector, name_type

revision, down_revision, branch_labels, depends_on = "0001", None, None, None


def upgrade() -> None:
    """Make the tables."""
    if op.get_bind().dialect.name == "postgresql":
        _need_pgvector()
    _make_galleries()
    _make_identities()


def _make_galleries() -> None:
    op.create_table(
        "bundles",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("encoding_sha256", sa.String(64), nullable=False),
        sa.Column("metric", sa.String(16), nullable=False),
        sa.Column("dim", sa.Integer, nullable=False),
        sa.UniqueConstraint("model", "version", "encoding_sha256", name="one_row_a_bundle"),
    )
    op.create_table(
        "galleries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", name_type(64), nullable=False, unique=True),
        sa.Column("bundle_id", sa.Integer, sa.ForeignKey("bundles.id"), nullable=False),
        sa.Column("next_place", sa.BigInteger, nullable=False),
        sa.Column("created", Moment, nullable=False),
        sqlite_autoincrement=True,
    )


def _make_identities() -> None:
    op.create_table(
        "sizes",
        sa.Column(
            "gallery_id",
            sa.Integer,
            sa.ForeignKey("galleries.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("images", sa.SmallInteger, primary_key=True),
        sa.Column("identities", sa.BigInteger, nullable=False),
    )
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "identities",
        sa.Column("id", big, primary_key=True, autoincrement=False),
        sa.Column("gallery_id", sa.Integer, sa.ForeignKey("galleries.id"), nullable=False),
        sa.Column("name", name_type(128), nullable=False),
        sa.Column("images", sa.SmallInteger, nullable=False),
        sa.Column("bundle_id", sa.Integer, sa.ForeignKey("bundles.id"), nullable=False),
        sa.Column("enrolled", Moment, nullable=False),
        sa.Column("bits", PackedBits, nullable=True),
        sa.Column("vector", Vector, nullable=True),
        sa.UniqueConstraint("gallery_id", "name", name="one_row_an_identity"),
    )


def _need_pgvector() -> None:
    """Add pgvector to the database.

    Raises:
        SchemaError: The server has none, or an older one than is needed.
    """
    found = op.get_bind().scalar(
        sa.text("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
    )
    oldest = ".".join(map(str, OLDEST_PGVECTOR))
    if found is None or tuple(map(int, str(found).split(".")[:2])) < OLDEST_PGVECTOR:
        raise SchemaError(f"this server has pgvector {found or 'not'}; {oldest} or newer is needed")
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
