"""The keys that are good now: those of the file, read again when it has changed."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from hmac import compare_digest
from pathlib import Path

from app.errors import KeysError
from app.keys.entries import KeyEntry, digest_of, read_keys

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 1.0
"""How long a change of the file may go unseen; it is looked for by a request, not by a thread."""

_Signature = tuple[int, int, int, int] | None


class KeyRing:
    """Knows keys by their hashes. Used from the event loop only, so it needs no lock.

    Args:
        path: The keys file. Put a new one in its place in one step (write it beside, then `mv`).
        clock: Seconds that only grow.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._entries: tuple[KeyEntry, ...] = ()
        self._signature: _Signature = None
        self._next_check = math.inf  # nothing is looked for, and no key is good, before `load`

    def load(self) -> None:
        """Read the file for the first time.

        Raises:
            KeysError: It cannot be used.
        """
        self._signature = _signature(self._path)
        self._entries = read_keys(self._path)
        self._next_check = self._clock() + CHECK_EVERY_S

    def name_of(self, key: bytes) -> str | None:
        """The name of a key; None where it is not one of ours.

        Hashes are compared in constant time, and all of them, so that neither how much of one fits
        nor which one it is shows in the time taken.
        """
        if self._clock() >= self._next_check:
            self._look_again()
        digest, name = digest_of(key), None
        for entry in self._entries:
            if compare_digest(entry.digest, digest):
                name = entry.name
        return name

    def _look_again(self) -> None:
        self._next_check = self._clock() + CHECK_EVERY_S
        # Taken before the file is read: a change in between is seen the next time.
        signature = _signature(self._path)
        if signature == self._signature:
            return
        self._signature = signature
        try:
            self._entries = read_keys(self._path)
        except KeysError as error:
            logger.error("the API keys stay as they were: %s", error)  # noqa: TRY400 (a reason, not a crash)
        else:
            names = ", ".join(entry.name for entry in self._entries)
            logger.info("the API keys were read again: %s", names)


def _signature(path: Path) -> _Signature:
    """What differs after a change: of the content, of the file in this place, of who may read."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
