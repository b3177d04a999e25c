"""The tables, the same in both stores; `migrations/` makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pgvector.sqlalchemy import VECTOR
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    cast,
)
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.gallery.names import MAX_NAME

ROWS_BITS = 40
"""An identity's id is its gallery's times 2 to this power, plus its place: the rows of a gallery
stand together in SQLite's file, and are read in one go."""


class Vector(TypeDecorator[NDArray[np.float32]]):
    """A template of floats, shape (width,): raw bytes in SQLite, pgvector's `vector`."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the store's own type."""
        return VECTOR() if dialect.name == "postgresql" else LargeBinary()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401 (SQLAlchemy's)
        """Return what the driver takes."""
        if value is None or dialect.name == "postgresql":
            return value
        return np.ascontiguousarray(value, np.float32).tobytes()

    def process_result_value(self, value: Any, dialect: Dialect) -> NDArray[np.float32] | None:  # noqa: ANN401
        """Return the template."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            return np.asarray(getattr(value, "to_numpy", lambda: value)(), np.float32)
        return np.frombuffer(value, np.float32)


class PackedBits(TypeDecorator[NDArray[np.uint8]]):
    """Packed bits, uint8 of shape (bytes,): raw bytes in SQLite, `bit varying` in PostgreSQL."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the store's own type."""
        return BIT(varying=True) if dialect.name == "postgresql" else LargeBinary()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401 (SQLAlchemy's)
        """Return what the driver takes."""
        if value is None:
            return None
        return bit_text(value) if dialect.name == "postgresql" else value.tobytes()

    def process_result_value(self, value: Any, dialect: Dialect) -> NDArray[np.uint8] | None:  # noqa: ANN401
        """Return the template."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            ones = np.frombuffer(str(value).encode(), np.uint8) == ord("1")
            return np.packbits(ones)
        return np.frombuffer(value, np.uint8)

    def bind_expression(self, bindvalue: Any) -> Any:  # noqa: ANN401 (SQLAlchemy's)
        """Cast the text of bits, which PostgreSQL takes for no bits by itself."""
        return cast(bindvalue, _CastBits())


class _CastBits(TypeDecorator[Any]):
    """The type that `PackedBits` is cast to: none in SQLite, whose `BLOB` is what it is."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the store's own type."""
        return BIT(varying=True) if dialect.name == "postgresql" else LargeBinary()


def bit_text(packed: NDArray[np.uint8]) -> str:
    """Return packed bits as PostgreSQL writes them: `0110…`."""
    return "".join(map(str, np.unpackbits(packed).tolist()))


class Moment(TypeDecorator[datetime]):
    """A time in UTC; SQLite's has no zone of its own."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the store's own type."""
        return DateTime(timezone=dialect.name == "postgresql")

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """Return what the driver takes."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401
        """Return the time in UTC."""
        del dialect
        if value is None:
            return None
        known: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return known.astimezone(UTC)


def name_type(length: int) -> TypeEngine[str]:
    """Return the type of a name, which is sorted by its bytes in both stores."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


metadata = MetaData()

bundles = Table(
    "bundles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("model", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("encoding_sha256", String(64), nullable=False),
    Column("metric", String(16), nullable=False),
    Column("dim", Integer, nullable=False),
    UniqueConstraint("model", "version", "encoding_sha256", name="one_row_a_bundle"),
)
galleries = Table(
    "galleries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", name_type(64), nullable=False, unique=True),
    Column("bundle_id", ForeignKey("bundles.id"), nullable=False),
    Column("next_place", BigInteger, nullable=False),
    Column("created", Moment, nullable=False),
    sqlite_autoincrement=True,  # An id that was used before is not used again.
)
sizes = Table(
    "sizes",
    metadata,
    Column("gallery_id", ForeignKey("galleries.id", ondelete="CASCADE"), primary_key=True),
    Column("images", SmallInteger, primary_key=True),
    Column("identities", BigInteger, nullable=False),
)
identities = Table(
    "identities",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("gallery_id", ForeignKey("galleries.id"), nullable=False),
    Column("name", name_type(MAX_NAME), nullable=False),
    Column("images", SmallInteger, nullable=False),
    Column("bundle_id", ForeignKey("bundles.id"), nullable=False),
    Column("enrolled", Moment, nullable=False),
    Column("bits", PackedBits, nullable=True),
    Column("vector", Vector, nullable=True),
    UniqueConstraint("gallery_id", "name", name="one_row_an_identity"),
)
