"""Binned energies of the last decisions, from which drift is measured."""

import threading
from collections.abc import Sequence

from app.telemetry.values import Value

HALF = 2000
"""Decisions in a generation: the last 2,000 to 4,000 decisions of a worker are counted."""


class RecentCounts:
    """Counts of the last decisions in each bin.

    There are two generations. When the newer one is full, the older one is dropped; so the counts
    cover between one and two generations, and a decision costs one addition.
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
        """Start a generation; `older` has the counts of the one before."""
        for value, count in zip(self._values, older, strict=True):
            value.set(count)
        self._newer = [0] * len(self._values)
        self._room = self._half
