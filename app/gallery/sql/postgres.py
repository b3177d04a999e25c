"""The store for many replicas: PostgreSQL with pgvector 0.7 or newer, searched by HNSW."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pgvector.sqlalchemy import BIT, VECTOR
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    String,
    bindparam,
    cast,
    create_engine,
    insert,
    literal_column,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from app.gallery.records import Encoding, Rows
from app.gallery.sql.backend import Erased
from app.gallery.sql.copying import copy_rows
from app.gallery.sql.tables import bit_text, identities
from model.manifest import Metric

logger = logging.getLogger(__name__)

OLDEST_PGVECTOR = (0, 7)
"""The first version with Hamming distances and an index for them."""
_MAX_INDEXED = 2000
"""Numbers of the longest vector that pgvector's HNSW takes; longer ones are searched exactly."""
_CANDIDATES_A_ROW = 4
_MIN_CANDIDATES, _MAX_CANDIDATES = 100, 1000
"""Bounds of `hnsw.ef_search`."""
_CANDIDATES, _CANDIDATES_AT, _GROWTH = 800, 1_000_000, 0.6
"""Candidates for a recall@10 of 0.99 in a gallery of some size, and the power of the size by which
they grow (decision 64)."""
_FEWEST_COPIED = 100
"""Rows from which on COPY, which has to ask for the types first, is faster."""
_INSERT = insert(identities)
_OPERATORS = {Metric.L1: "<+>", Metric.L2: "<->"}
_CLASSES = {Metric.L1: "vector_l1_ops", Metric.L2: "vector_l2_ops"}
_UNTIL_VACUUM = "the dead row in the table and its index, until `python -m app.gallery vacuum`"
_HALF_MADE = text(
    "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = oid "
    "WHERE relname LIKE :pattern AND NOT indisvalid"
)
_LOG = "the server's write-ahead log, until it is recycled, and its archives and backups"


class Postgres:
    """A store in a PostgreSQL database.

    Args:
        url: The address, as SQLAlchemy reads it.
        timeout_s: Longest time of a statement, of a wait for a lock and of connecting, in seconds.
        connections: Largest number of connections.
    """

    def __init__(self, url: URL, timeout_s: float, connections: int) -> None:
        self.most_exact: int | None = None
        milliseconds = max(1, int(1000 * timeout_s))
        limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        self.engine: Engine = create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(2, round(timeout_s)),
                "tcp_user_timeout": milliseconds,
                "application_name": "likewise",
                "options": " ".join(f"-c {name}={milliseconds}" for name in limits),
            },
        )

    def rows_of(self, gallery_id: int) -> ColumnElement[bool]:
        """Return the condition that a row is of a gallery: as in its indexes, so with no variable.

        A prepared statement with a variable cannot use an index of one gallery.
        """
        return identities.c.gallery_id == literal_column(str(gallery_id))

    def distance(self, encoding: Encoding, *, of_bits: bool) -> ColumnElement[Any]:
        """Return the distance by pgvector."""
        width = 8 * encoding.dim if encoding.is_codes else encoding.dim
        if of_bits:
            given = cast(bindparam("probe", type_=String), BIT(width))
            return cast(identities.c.bits, BIT(width)).op("<~>")(given)
        kind = VECTOR(width)
        operator = _OPERATORS.get(encoding.metric, "<->")
        return cast(identities.c.vector, kind).op(operator)(bindparam("probe", type_=kind))

    def sent(self, probe: Rows) -> object:
        """Return a probe as pgvector takes it."""
        return bit_text(probe) if probe.dtype == np.uint8 else probe

    def insert(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows of identities, many of them by COPY."""
        if len(values) < _FEWEST_COPIED:
            connection.execute(_INSERT, values)
        else:
            copy_rows(connection, values)

    def prepare_search(self, connection: Connection, top: int, size: int) -> None:
        """Let HNSW keep enough candidates for so many rows, in a gallery of so many."""
        connection.exec_driver_sql(f"SET LOCAL hnsw.ef_search = {candidates(top, size)}")

    def created(self, gallery_id: int, encoding: Encoding, *, limited: bool = True) -> None:
        """Make the gallery's indexes, without blocking those who write to other galleries.

        If that fails, the search is exact and slower, until `python -m app.gallery index`. An index
        whose making was interrupted is there and not used: it is made again.
        """
        try:
            with self.engine.connect() as connection:
                alone = connection.execution_options(isolation_level="AUTOCOMMIT")
                if not limited:
                    alone.execute(text("SET statement_timeout = 0"))
                for name in alone.scalars(_HALF_MADE, {"pattern": f"identities_%_of_{gallery_id}"}):
                    alone.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
                for statement in index_statements(gallery_id, encoding):
                    alone.execute(text(statement))
                alone.execute(text("RESET statement_timeout"))
        except SQLAlchemyError as error:
            logger.warning("gallery %d has no index yet: %s", gallery_id, type(error).__name__)

    def dropped(self, connection: Connection, gallery_id: int) -> None:
        """Drop the gallery's indexes."""
        for column in ("vector", "bits"):
            connection.execute(text(f"DROP INDEX IF EXISTS {_index(column, gallery_id)}"))

    def reclaim(self) -> Erased:
        """Remove nothing: PostgreSQL keeps dead rows until a vacuum."""
        return ("the row, for every query",), (_UNTIL_VACUUM, _LOG)

    def vacuum(self) -> Erased:
        """Write the table and its indexes anew; the table is locked meanwhile."""
        with self.engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.execute(text("SET statement_timeout = 0"))
            alone.execute(text("VACUUM FULL identities"))
            alone.execute(text("RESET statement_timeout"))
        return ("the rows", "the table's file", "its indexes"), (_LOG,)


def candidates(top: int, size: int) -> int:
    """Return `hnsw.ef_search` of a search for so many rows in a gallery of so many identities."""
    wanted = float(_CANDIDATES * (size / _CANDIDATES_AT) ** _GROWTH)
    return round(min(max(_MIN_CANDIDATES, _CANDIDATES_A_ROW * top, wanted), _MAX_CANDIDATES))


def _index(column: str, gallery_id: int) -> str:
    return f"identities_{column}_of_{gallery_id}"


def index_statements(gallery_id: int, encoding: Encoding) -> list[str]:
    """Return the statements that make the indexes of a gallery, where they are not there.

    One of packed bits has two: templates of several images are vectors of shares.
    """
    width = 8 * encoding.dim if encoding.is_codes else encoding.dim
    kinds = [("vector", f"vector({width})", _CLASSES.get(encoding.metric, "vector_l2_ops"))]
    if width > _MAX_INDEXED:
        kinds = []
    if encoding.is_codes:
        kinds.append(("bits", f"bit({width})", "bit_hamming_ops"))
    return [
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {_index(column, gallery_id)} ON identities "
        f"USING hnsw (({column}::{kind}) {operators}) WHERE gallery_id = {gallery_id}"
        for column, kind, operators in kinds
    ]
