"""A log that never makes its writer wait.

A container's log is a pipe, and a pipe that nobody reads is soon full: whoever writes to it then
stands still, and here that would be the event loop. So a line that would have to wait is lost, and
the next one that is written says how many were.
"""

from __future__ import annotations

import os
import select
import stat
from typing import TextIO

_ATOMIC_CHARACTERS = select.PIPE_BUF // 4
"""What a pipe that is ready takes without a wait, in UTF-8's longest characters."""


class LogFile:
    """Writes to a file, and to a pipe or socket only what it takes at once.

    A pipe is ready where it has room for `PIPE_BUF` bytes, and takes as many without a wait, but
    for another process that fills it in between. Used by one thread at a time: loggers have locks.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._room = _room_in(file)
        self._lost = 0
        self._cut = ""

    def isatty(self) -> bool:
        """Whether people are at its other end."""
        return self._file.isatty()

    def write(self, text: str) -> None:
        """Write a line, or lose it."""
        if self._lost and self._has_room():
            lost, self._lost = self._lost, 0
            end, self._cut = self._cut, ""
            self._put(f'{end}{{"event": "{lost} lines of the log were lost: nobody read it"}}\n')
        self._put(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def _put(self, text: str) -> None:
        for start in range(0, len(text), _ATOMIC_CHARACTERS):
            if not self._has_room():
                self._lost += 1
                if start:
                    self._cut = "\n"  # So that what comes next is a line of its own.
                return
            self._file.write(text[start : start + _ATOMIC_CHARACTERS])
            self._file.flush()

    def _has_room(self) -> bool:
        return self._room is None or bool(self._room.poll(0))


def _room_in(file: TextIO) -> select.poll | None:
    """Tells whether a pipe or a socket has room; None for what never makes a writer wait."""
    try:
        number = file.fileno()
    except OSError:  # it is no file of the system's, as under a test
        return None
    mode = os.fstat(number).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return None
    room = select.poll()
    room.register(number, select.POLLOUT)
    return room
