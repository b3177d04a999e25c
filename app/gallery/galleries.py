"""The galleries of one worker: the store, its threads, and what the service asks of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from app.errors import GalleryStartError, StoreError
from app.gallery.enrolments import Enrolments
from app.gallery.port import Store
from app.gallery.records import Encoding, Enrolment, Gallery
from app.gallery.threads import StoreThreads
from app.settings import Settings

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MOST_KEPT = 256
"""Galleries whose encodings are kept."""


class Galleries:
    """A store whose calls are made in threads of their own. For one event loop.

    Args:
        store: The store.
        threads: Largest number of calls at a time.
        max_waiting: Largest number of calls that wait.
        is_checked: Whether the schema has been checked; else the first call that reaches the store
            does it.
    """

    def __init__(
        self, store: Store, threads: int, max_waiting: int, *, is_checked: bool = True
    ) -> None:
        self._store, self._threads = store, StoreThreads(threads, max_waiting)
        self._is_checked = is_checked
        self._encodings: dict[str, Encoding] = {}
        self._enrolments = Enrolments(self._run_until, max_waiting)

    def encoding(self, name: str) -> Encoding | None:
        """Return the encoding that a gallery had when it was last read; it may have changed."""
        return self._encodings.get(name)

    def note(self, gallery: Gallery) -> None:
        """Keep the encoding of a gallery that was read."""
        self._encodings.pop(gallery.name, None)
        while len(self._encodings) >= _MOST_KEPT:
            del self._encodings[next(iter(self._encodings))]
        self._encodings[gallery.name] = gallery.encoding

    async def run(self, call: Callable[[Store], T], within_s: float) -> T:
        """Call the store.

        Args:
            call: A function of the store.
            within_s: Deadline, in seconds.

        Raises:
            OverloadedError: Too many calls wait.
            StoreError: The store cannot be reached, is too slow, or has another schema.
        """
        return await self._run_until(call, monotonic() + within_s)

    async def _run_until(self, call: Callable[[Store], T], end: float) -> T:
        return await self._threads.run_until(lambda: call(self._ready()), end)

    async def enrol(
        self, gallery: str, name: str, encoding: Encoding, enrolment: Enrolment, within_s: float
    ) -> bool:
        """Store an identity, together with others that wait; as `Enrolments.enrol`."""
        return await self._enrolments.enrol(gallery, name, encoding, enrolment, within_s)

    def close(self) -> None:
        """End the threads and close the store."""
        self._threads.close()
        self._store.close()

    def _ready(self) -> Store:
        if not self._is_checked:
            try:
                self._store.check()
            except GalleryStartError as error:
                raise StoreError(str(error)) from error
            self._is_checked = True
        return self._store


def open_galleries(settings: Settings) -> Galleries | None:
    """Open the store of the settings and check its schema; None where they name none.

    A store that cannot be reached is no reason not to start: it may come back, and other calls do
    not need it.

    Raises:
        GalleryStartError: The extra is not installed, the address cannot be used, or the store has
            another schema.
    """
    if settings.gallery_url is None:
        return None
    with needing_extra():
        from app.gallery.sql.opening import open_store  # noqa: PLC0415 (the extra may not be there)
    timeout_s, threads = settings.deadline_ms / 1000, settings.gallery_threads
    store = open_store(settings.gallery_url, timeout_s, threads)
    is_checked = True
    try:
        store.check()
    except StoreError as error:
        is_checked = False
        logger.error("gallery calls are answered with 503 until it is there: %s", error)  # noqa: TRY400 (a reason, not a crash)
    return Galleries(store, threads, settings.max_waiting, is_checked=is_checked)


@contextmanager
def needing_extra() -> Iterator[None]:
    """Explain an import that needs the extra.

    Raises:
        GalleryStartError: A package of the extra is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise GalleryStartError(
            f"LIKEWISE_GALLERY_URL is set, and {error.name} is not installed: "
            "pip install 'likewise[gallery]'"
        ) from error
