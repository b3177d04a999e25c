"""Limit of the memory in which all images in flight are decoded together.

A canvas takes up to some hundred megabytes for a file of a few bytes, so the number of threads does
not bound the memory. A runner's thread holds what one image takes while it decodes it, and waits
for its turn where others hold too much. It never waits while it holds, so there is no deadlock.
"""

import threading
from collections import deque

from app.errors import OverloadedError
from model.errors import ImageTooLargeError

_MEGABYTE = 1_000_000


class DecodingMemory:
    """Counter of the bytes that decoding holds, for all threads; the first to wait is the first."""

    def __init__(self, limit: int, wait_s: float) -> None:
        """Prepare.

        Args:
            limit: Maximum number of bytes held.
            wait_s: Maximum time to wait for them, in seconds.
        """
        self._limit, self._wait_s = limit, wait_s
        self._held = 0
        self._queue: deque[object] = deque()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)

    @property
    def held(self) -> int:
        """Number of bytes held now."""
        return self._held

    def hold(self, cost: int) -> "Hold":
        """Return a context manager that holds bytes for the length of its block.

        Raises:
            ImageTooLargeError: More bytes than there ever are.
            OverloadedError: At the block's begin: others held them for as long as a job may wait.
        """
        if cost > self._limit:
            raise ImageTooLargeError(
                f"decoding the image takes {cost // _MEGABYTE:,} MB of memory; at most "
                f"{self._limit // _MEGABYTE:,} MB are taken; send it with fewer pixels, or as a "
                "JPEG that is not progressive"
            )
        return Hold(self, cost)

    def take(self, cost: int) -> None:
        """Take bytes, as soon as there are so many.

        Raises:
            OverloadedError: Others held them for as long as a job may wait.
        """
        with self._lock:
            if self._queue or not self._has_room(cost):
                self._wait(cost)
            self._held += cost

    def give_back(self, cost: int) -> None:
        """Give back bytes that were taken."""
        with self._lock:
            self._held -= cost
            if self._queue:
                self._changed.notify_all()

    def _has_room(self, cost: int) -> bool:
        return self._held + cost <= self._limit

    def _wait(self, cost: int) -> None:
        ticket = object()
        self._queue.append(ticket)
        try:
            has_turn = self._changed.wait_for(
                lambda: self._queue[0] is ticket and self._has_room(cost), self._wait_s
            )
        finally:
            self._queue.remove(ticket)
            self._changed.notify_all()
        if not has_turn:
            raise OverloadedError("the memory for decoding images is in use; try again shortly")


class Hold:
    """Bytes that are held for the length of a `with` block.

    A class: the generator of a `contextmanager` would take twice as long, for each image.
    """

    __slots__ = ("_cost", "_memory")

    def __init__(self, memory: DecodingMemory, cost: int) -> None:
        self._memory, self._cost = memory, cost

    def __enter__(self) -> None:
        """Take the bytes; raises `OverloadedError` where there is no room in time."""
        self._memory.take(self._cost)

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        self._memory.give_back(self._cost)
