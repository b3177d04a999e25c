"""Opening of the store that a setting names. Needs the extra `likewise[gallery]`."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.errors import GalleryStartError
from app.gallery.sql.backend import Backend
from app.gallery.sql.postgres import Postgres
from app.gallery.sql.sqlite import Sqlite
from app.gallery.sql.store import SqlStore

_KINDS = "sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE"


def open_backend(url: str, timeout_s: float, connections: int, *, create: bool = False) -> Backend:
    """Open the store at an address; nothing is connected yet.

    Args:
        url: `sqlite:///PATH` or `postgresql+psycopg://…`.
        timeout_s: Longest time of a statement and of a wait for a lock, in seconds.
        connections: Largest number of connections.
        create: Whether a file of SQLite is made where there is none.

    Raises:
        GalleryStartError: The address is neither. The message does not repeat it, since it may
            hold a password.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise GalleryStartError(f"LIKEWISE_GALLERY_URL is no address; give {_KINDS}") from error
    if address.drivername in {"sqlite", "sqlite+pysqlite"} and address.database:
        if address.database == ":memory:":
            raise GalleryStartError("a gallery in memory would be another one in each worker")
        return Sqlite(Path(address.database), timeout_s, connections, create=create)
    if address.drivername == "postgresql+psycopg" and address.database:
        return Postgres(address, timeout_s, connections)
    raise GalleryStartError(f"LIKEWISE_GALLERY_URL is of another kind of store; give {_KINDS}")


def open_store(url: str, timeout_s: float, connections: int) -> SqlStore:
    """Open the store at an address; arguments and errors as `open_backend`."""
    return SqlStore(open_backend(url, timeout_s, connections))
