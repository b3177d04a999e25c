"""The embedded store: one SQLite file, searched exactly by sqlite-vec."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import sqlite_vec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    bindparam,
    create_engine,
    event,
    func,
    insert,
)
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from app.errors import GalleryStartError
from app.gallery.records import Encoding, Rows
from app.gallery.sql.backend import Erased
from app.gallery.sql.growth import MOST_EXACT
from app.gallery.sql.tables import ROWS_BITS, identities
from model.manifest import Metric

WRITES = "likewise_writes"
"""Execution option of a connection that writes: its transaction takes the lock at its beginning,
where SQLite can wait for it."""
PAGE_BYTES = 16_384
"""Larger than SQLite's default: a scan of vectors reads fewer pages."""
_GONE = ("the row", "the database file")
_LOG = "the write-ahead log"
_INSERT = insert(identities)
_DISTANCES = {Metric.L1: "vec_distance_L1", Metric.L2: "vec_distance_L2"}


class Sqlite:
    """A store in one file.

    Args:
        path: The file.
        timeout_s: Longest wait for a lock, in seconds.
        connections: Largest number of connections.
        create: Whether the file is made where there is none.
    """

    def __init__(self, path: Path, timeout_s: float, connections: int, *, create: bool) -> None:
        self._path, self._timeout_s, self._create = path, timeout_s, create
        self._driver = driver()
        self.most_exact: int | None = MOST_EXACT
        self.engine: Engine = create_engine(
            "sqlite+pysqlite://",
            module=self._driver,
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
        )
        event.listen(self.engine, "connect", self._note_file)
        event.listen(self.engine, "checkout", self._check_file)
        event.listen(self.engine, "begin", _begin)

    def rows_of(self, gallery_id: int) -> ColumnElement[bool]:
        """Return the condition that a row is of a gallery: its part of the file, in one piece."""
        first = gallery_id << ROWS_BITS
        return identities.c.id.between(first, first + (1 << ROWS_BITS) - 1)

    def distance(self, encoding: Encoding, *, of_bits: bool) -> ColumnElement[Any]:
        """Return the distance by sqlite-vec."""
        given = bindparam("probe", type_=LargeBinary)
        if of_bits:
            return func.vec_distance_hamming(func.vec_bit(identities.c.bits), func.vec_bit(given))
        name = _DISTANCES.get(encoding.metric, "vec_distance_L2")
        return getattr(func, name)(identities.c.vector, given)  # type: ignore[no-any-return]

    def sent(self, probe: Rows) -> object:
        """Return the bytes of a probe."""
        return probe.tobytes()

    def insert(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows of identities."""
        connection.execute(_INSERT, values)

    def prepare_search(self, connection: Connection, top: int, size: int) -> None:
        """Prepare nothing."""

    def created(self, gallery_id: int, encoding: Encoding, *, limited: bool = True) -> None:
        """Do nothing: the search is exact and has no index."""

    def dropped(self, connection: Connection, gallery_id: int) -> None:
        """Undo nothing."""

    def reclaim(self) -> Erased:
        """Copy the log into the database file and empty it: `secure_delete` wrote zeros there."""
        with self.engine.connect() as connection:
            driver_connection: Any = connection.connection.driver_connection
            (busy, *_) = driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            later = f"{_LOG}, until no other process reads it: the next erasure empties it"
            return _GONE, (later,)
        return (*_GONE, _LOG), ()

    def vacuum(self) -> Erased:
        """Write the file anew, and empty the log."""
        with self.engine.connect() as connection:
            driver_connection: Any = connection.connection.driver_connection
            driver_connection.execute("VACUUM")
        return self.reclaim()

    def _connect(self) -> sqlite3.Connection:
        mode = "rwc" if self._create else "rw"
        connection: sqlite3.Connection = self._driver.connect(
            f"file:{quote(str(self._path))}?mode={mode}",
            uri=True,
            timeout=self._timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.enable_load_extension(True)
        sqlite_vec.load(connection)
        connection.enable_load_extension(False)
        for pragma in (
            f"page_size={PAGE_BYTES}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "foreign_keys=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _note_file(self, connection: object, record: Any) -> None:  # noqa: ANN401 (SQLAlchemy's)
        del connection
        record.info["file"] = self._identify()

    def _check_file(self, connection: object, record: Any, proxy: object) -> None:  # noqa: ANN401
        """Refuse a connection whose file was removed or replaced: what it wrote would be lost."""
        del connection, proxy
        if record.info.get("file") != self._identify():
            raise DisconnectionError("the database file is another one")

    def _identify(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def driver() -> ModuleType:
    """Return SQLite's Python module, one that can load extensions.

    Raises:
        GalleryStartError: There is none.
    """
    try:
        return importlib.import_module("pysqlite3")
    except ImportError:  # It has no wheel for this platform.
        if hasattr(sqlite3.Connection, "enable_load_extension"):
            return sqlite3
    raise GalleryStartError(
        "this Python's sqlite3 cannot load extensions, and pysqlite3-binary is not there for this "
        "platform: use another build of Python, or a gallery in PostgreSQL"
    )
