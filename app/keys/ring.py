"""The valid keys: those of the file, which is read again every second.

The file is small, so its content is compared rather than its size and times: no change can hide
behind a clock that was set back, a file system with coarse times, or a file replaced between two
looks. Nothing is remembered of a look that failed: the next one, a second later, is the same.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from hmac import compare_digest
from pathlib import Path

from app.errors import KeysError, NotReadyError
from app.keys.entries import KeyEntry, digest_of, parse_keys, read_keys_file

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 1.0
"""Seconds between two reads of the file; a request starts them, so an idle service makes none."""
VALID_FOR_S = 60.0
"""Seconds for which the keys stay valid after the last successful read. Then none is: a key may
have been revoked in the meantime."""
WAIT_S = 0.05
"""Maximum time for which a request waits for a read, in seconds."""


class KeyRing:
    """The valid keys, by their hashes. Call it on the event loop only.

    A thread reads the file, since a network file system may take any time to answer.

    Args:
        path: The keys file. Replace it in one step (write another file, then `mv`).
        clock: A monotonic clock, in seconds.
        wait_s: Maximum time for which `entry_of` waits for a read, in seconds.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.monotonic, wait_s: float = WAIT_S
    ) -> None:
        self._path, self._clock, self._wait_s = path, clock, wait_s
        self._entries: tuple[KeyEntry, ...] = ()
        self._content = b""
        self._read_at = self._next_check = math.inf  # no read, and no valid key, before `load`
        self._reader: threading.Thread | None = None
        self._complaint = ""
        self._is_closed = False

    def load(self) -> None:
        """Read the file for the first time.

        Raises:
            KeysError: The file cannot be used.
        """
        now = self._clock()
        self._take(read_keys_file(self._path))
        self._read_at, self._next_check = now, now + CHECK_EVERY_S

    def entry_of(self, key: bytes) -> KeyEntry | None:
        """Return the entry of a key; None for an unknown one.

        All hashes are compared, each in constant time: the time depends neither on the length of a
        common prefix nor on the key's position.

        Raises:
            NotReadyError: The file has not been readable and valid for `VALID_FOR_S`.
        """
        now = self._clock()
        if now >= self._next_check:
            self._start_to_read(now)
        if now - self._read_at > VALID_FOR_S:
            self._refuse_all()
        digest, found = digest_of(key), None
        for entry in self._entries:
            if compare_digest(entry.digest, digest):
                found = entry
        return found

    def _start_to_read(self, now: float) -> None:
        """Read the file in a thread, unless the last read has not ended."""
        self._next_check = now + CHECK_EVERY_S
        if self._reader is None or not self._reader.is_alive():
            self._reader = threading.Thread(
                target=self._read, args=(now,), name="keys", daemon=True
            )
            with suppress(RuntimeError):  # No thread can be started now: the next look tries again.
                self._reader.start()
                self._reader.join(self._wait_s)

    def _read(self, now: float) -> None:
        try:
            content = read_keys_file(self._path)
            if content != self._content:
                self._take(content)
                names = ", ".join(entry.name for entry in self._entries)
                logger.info("the API keys were read again: %s", names)
        except KeysError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                logger.error(  # noqa: TRY400 (a reason, not a crash)
                    "the API keys stay as they were, for %g s: %s", VALID_FOR_S, error
                )
        else:
            # The time before the read: the file may have changed since.
            self._read_at, self._complaint, self._is_closed = now, "", False

    def _take(self, content: bytes) -> None:
        self._entries = parse_keys(self._path, content)
        self._content = content

    def _refuse_all(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            logger.error(
                "no API key is accepted: %s has not been readable and valid for %g s",
                self._path,
                VALID_FOR_S,
            )
        raise NotReadyError("the API keys cannot be checked at present; try again in a moment")
