"""Progress of a bulk command on standard error: a line that changes, or one every ten seconds."""

from __future__ import annotations

import sys
import threading
import time
from typing import Self, TextIO

_EVERY_S = {True: 0.5, False: 10.0}
"""Seconds between two lines: on a terminal, and in a file."""
_MINUTE, _HOUR = 60, 3600


class Progress:
    """Number of things done, their rate in this run, and the time left.

    A thread of its own shows it, so that a line appears also while nothing is done.

    Args:
        what: Name of the things.
        total: Number of things to do; 0 where it is not known.
        done: Number that an earlier run has done.
        to: Where it is shown; None for standard error.
        every_s: Seconds between two lines; None for half a second on a terminal, and ten else.
    """

    def __init__(
        self,
        what: str,
        total: int = 0,
        done: int = 0,
        to: TextIO | None = None,
        every_s: float | None = None,
    ) -> None:
        self._what, self._total, self._before = what, total, done
        self._to = sys.stderr if to is None else to
        self._is_terminal = self._to.isatty()
        self._every_s = _EVERY_S[self._is_terminal] if every_s is None else every_s
        self._began = time.monotonic()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self.done = done

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        if self._is_terminal:
            self._to.write("\r\x1b[K")

    def advance(self, count: int = 1) -> None:
        """Count more of them as done."""
        self.done += count

    def line(self) -> str:
        """Return the progress as a line."""
        seconds = max(time.monotonic() - self._began, 1e-9)
        rate = (self.done - self._before) / seconds
        if not self._total:
            return f"{self.done:,} {self._what}, {rate:,.0f}/s"
        left = _duration((self._total - self.done) / rate) if rate else "unknown time"
        return f"{self.done:,} of {self._total:,} {self._what}, {rate:,.0f}/s, {left} left"

    def _run(self) -> None:
        while not self._end.wait(self._every_s):
            line = self.line()
            self._to.write(f"\r{line}\x1b[K" if self._is_terminal else f"{line}\n")
            self._to.flush()


def _duration(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"
