"""Translation of a driver's errors into those of the service."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.errors import StoreError, StoreFullError

_PG_FULL = frozenset({"53100", "53400"})
"""`disk_full` and `configuration_limit_exceeded`."""
_SQLITE_FULL = "SQLITE_FULL"
_SQLITE_FULL_TEXT = "database or disk is full"


@contextmanager
def translated() -> Iterator[None]:
    """Raise the service's errors for those of the store, none of which quotes a value.

    Raises:
        StoreFullError: The store has no room.
        StoreError: It cannot be reached, is locked for too long, or failed.
    """
    try:
        yield
    except DBAPIError as error:
        if _is_full(error):
            raise StoreFullError(
                "the gallery's store has no room left, and nothing was stored; its operator has to "
                "make room"
            ) from error
        raise StoreError(f"the gallery's store cannot answer now ({_reason(error)})") from error
    except SQLAlchemyError as error:
        raise StoreError(
            f"the gallery's store cannot answer now ({type(error).__name__})"
        ) from error


def _is_full(error: DBAPIError) -> bool:
    cause = error.orig
    return (
        getattr(cause, "sqlstate", None) in _PG_FULL
        or getattr(cause, "sqlite_errorname", None) == _SQLITE_FULL
        or _SQLITE_FULL_TEXT in str(cause)
    )


def _reason(error: DBAPIError) -> str:
    """Return the kind of a failure; its text may hold addresses, and is for the log."""
    cause = error.orig
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return str(code or type(cause).__name__)
