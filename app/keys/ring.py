"""The valid keys: those of the file, which is read again after a change."""

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
"""Seconds between two checks of the file; a request makes them, not a thread."""

_Signature = tuple[int, int, int, int] | None


class KeyRing:
    """The valid keys, by their hashes. For the event loop only, so it needs no lock.

    Args:
        path: The keys file. Replace it in one step (write another file, then `mv`).
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._entries: tuple[KeyEntry, ...] = ()
        self._signature: _Signature = None
        self._next_check = math.inf  # no check, and no valid key, before `load`

    def load(self) -> None:
        """Read the file for the first time.

        Raises:
            KeysError: The file cannot be used.
        """
        self._signature = _signature(self._path)
        self._entries = read_keys(self._path)
        self._next_check = self._clock() + CHECK_EVERY_S

    def name_of(self, key: bytes) -> str | None:
        """Return the name of a key; None for an unknown one.

        All hashes are compared, each in constant time: the time depends neither on the length of a
        common prefix nor on the key's position.
        """
        if self._clock() >= self._next_check:
            self._reload_if_changed()
        digest, name = digest_of(key), None
        for entry in self._entries:
            if compare_digest(entry.digest, digest):
                name = entry.name
        return name

    def _reload_if_changed(self) -> None:
        self._next_check = self._clock() + CHECK_EVERY_S
        # Taken before the file is read: the next check notices a change in between.
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
    """Return values that change with the file or its permissions; None if there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
