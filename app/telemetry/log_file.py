"""Log file that never blocks its writer.

A container's log is a pipe, and a pipe that is not read soon fills up; writing to it would then
block the event loop. So a line that cannot be written at once is dropped, and the next line that is
written is preceded by the number of dropped ones.
"""

from __future__ import annotations

import os
import select
import stat
from typing import TextIO

_ATOMIC_CHARACTERS = select.PIPE_BUF // 4
"""Number of characters that a ready pipe accepts at once, if each is as long as UTF-8 allows."""


class LogFile:
    """Writer to a file, which writes to a pipe or socket only what fits at once.

    A pipe is ready if it has room for `PIPE_BUF` bytes, and then accepts as many without blocking,
    unless another process fills it in between. For one thread at a time: loggers have locks.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._poll = _poll_of(file)
        self._dropped = 0
        self._line_end = ""

    def isatty(self) -> bool:
        """Return whether the file is a terminal."""
        return self._file.isatty()

    def write(self, text: str) -> None:
        """Write a line, or drop it."""
        if self._dropped and self._has_room():
            dropped, self._dropped = self._dropped, 0
            end, self._line_end = self._line_end, ""
            self._put(f'{end}{{"event": "{dropped} lines of the log were lost: nobody read it"}}\n')
        self._put(text)

    def flush(self) -> None:
        """Do nothing: every write is flushed."""

    def _put(self, text: str) -> None:
        for start in range(0, len(text), _ATOMIC_CHARACTERS):
            if not self._has_room():
                self._dropped += 1
                if start:
                    self._line_end = "\n"  # Ends the line that was cut.
                return
            self._file.write(text[start : start + _ATOMIC_CHARACTERS])
            self._file.flush()

    def _has_room(self) -> bool:
        return self._poll is None or bool(self._poll.poll(0))


def _poll_of(file: TextIO) -> select.poll | None:
    """Return a poll object of a pipe or socket; None for a file that never blocks."""
    try:
        number = file.fileno()
    except OSError:  # not a file of the system, as in a test
        return None
    mode = os.fstat(number).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return None
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return poll
