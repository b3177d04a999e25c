"""Deadline of a change: one that is not committed by then is taken back.

So a change whose caller was told that the store is too slow is made before any later one, or never:
at the deadline it is committed, or holds its locks and is about to be, or is taken back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic

from app.errors import StoreError

LATE = "the gallery's store has not answered within the deadline"
_end: ContextVar[float] = ContextVar("end", default=inf)


@contextmanager
def deadline(end: float) -> Iterator[None]:
    """Let the changes that this thread makes in the block commit before a time only.

    Args:
        end: By `monotonic`.
    """
    token = _end.set(end)
    try:
        yield
    finally:
        _end.reset(token)


def check_deadline() -> None:
    """Check, before a change is committed, that its deadline has not passed.

    Raises:
        StoreError: It has.
    """
    if monotonic() >= _end.get():
        raise StoreError(f"{LATE}, and the change was taken back")
