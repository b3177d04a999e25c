"""Progress of a long command, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Self

_EVERY_S = {True: 0.2, False: 10.0}
"""Seconds between two lines: on a terminal, and in a file."""


class Progress:
    """Number of things done, their rate and the time left; nothing is shown of a short command.

    Args:
        total: Number of things to do.
        what: Name of the things.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, total: int, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._what, self._clock = total, what, clock
        self._began = self._shown = clock()
        self._is_shown = False
        self.done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown and sys.stderr.isatty():
            sys.stderr.write("\n")

    def advance(self) -> None:
        """Count one more, and show the progress if it is time."""
        self.done += 1
        now, terminal = self._clock(), sys.stderr.isatty()
        if now - self._shown < _EVERY_S[terminal]:
            return
        self._shown, self._is_shown = now, True
        rate = self.done / max(now - self._began, 1e-9)
        left = (self._total - self.done) / rate
        line = f"{self.done:,} of {self._total:,} {self._what}, {rate:.0f}/s, {left:.0f} s left"
        sys.stderr.write(f"\r{line}\x1b[K" if terminal else f"{line}\n")
        sys.stderr.flush()
