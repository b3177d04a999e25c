"""The energies of the last decisions, in bins: what drift is measured on."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from app.telemetry.values import Value

HALF = 2000
"""Decisions of one worker after which the oldest are forgotten: the last 2,000 to 4,000 count."""


class RecentCounts:
    """How many of the last decisions fell into each bin.

    There are two generations. When the newer is full the older is dropped, so that what is counted
    is between one and two generations old, and a decision costs one addition.
    """

    def __init__(self, values: Sequence[Value], half: int = HALF) -> None:
        self._values, self._half = tuple(values), half
        self._lock = threading.Lock()
        self._begin([0] * len(self._values))

    def count(self, position: int) -> None:
        """Count a decision in a bin."""
        with self._lock:
            self._newer[position] += 1
            self._values[position].add()
            self._room -= 1
            if self._room == 0:
                self._begin(self._newer)

    def _begin(self, older: list[int]) -> None:
        """A new generation; `older` is all that is left of those before."""
        for value, count in zip(self._values, older, strict=True):
            value.set(count)
        self._newer = [0] * len(self._values)
        self._room = self._half
