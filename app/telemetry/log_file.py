"""Log file that never blocks its writer and never fails it.

A container's log is a pipe, and a pipe that is not read soon fills up; writing to it would then
block the event loop. A terminal does the same, and a file cannot grow on a full disk. So a line
that cannot be written at once is dropped, and the next line that is written is preceded by the
number of dropped ones.
"""

from __future__ import annotations

import os
import select
import stat
from typing import TextIO

_BYTES_OF_A_CHARACTER = 4  # as long as UTF-8 allows
_PIPE_CHARACTERS = select.PIPE_BUF // _BYTES_OF_A_CHARACTER
"""Number of characters that a ready pipe accepts at once."""
_TERMINAL_CHARACTERS = 32
"""The same of a terminal, whose buffers have 256 bytes."""


class LogFile:
    """Writer to a file, which writes to a pipe, socket or terminal only what fits at once.

    A pipe is ready if it has room for `PIPE_BUF` bytes, and then accepts as many without blocking,
    unless another process fills it in between. For one thread at a time: loggers have locks.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._number = _number_of(file)
        self._characters, self._poll = _waits_of(self._number)
        self._dropped = 0
        self._line_end = ""

    def isatty(self) -> bool:
        """Return whether the file is a terminal."""
        return self._file.isatty()

    def write(self, text: str) -> None:
        """Write a line, or drop it."""
        if (self._dropped and not self._tell_dropped()) or not self._put(text):
            self._dropped += 1

    def flush(self) -> None:
        """Do nothing: every write is flushed."""

    def _tell_dropped(self) -> bool:
        """Write how many lines are dropped, and return whether that is written."""
        end, self._line_end = self._line_end, ""
        event = f"{self._dropped} lines of the log were lost: they could not be written"
        if not self._put(f'{end}{{"event": "{event}"}}\n'):
            self._line_end = self._line_end or end
            return False
        self._dropped = 0
        return True

    def _put(self, text: str) -> bool:
        """Write a line as far as there is room, and return whether all of it is written."""
        for start in range(0, len(text), self._characters):
            piece = text[start : start + self._characters]
            if not (self._has_room() and self._write(piece)):
                if start:
                    self._line_end = "\n"  # Ends the line that was cut.
                return False
        return True

    def _write(self, piece: str) -> bool:
        """Write a piece of a line; False where the file takes nothing, or only a part."""
        if self._number is None:
            self._file.write(piece)
            return True
        # Not through `file`, which keeps what it could not write, to fail with it again.
        data = piece.encode(errors="backslashreplace")
        try:
            written = os.write(self._number, data)
        except OSError:
            return False
        if 0 < written < len(data):
            self._line_end = "\n"
        return written == len(data)

    def _has_room(self) -> bool:
        return self._poll is None or bool(self._poll.poll(0))


def _number_of(file: TextIO) -> int | None:
    """Return the number of the file; None if it is not one of the system, as in a test."""
    try:
        return file.fileno()
    except OSError:
        return None


def _waits_of(number: int | None) -> tuple[int, select.poll | None]:
    """Return how many characters to write at a time, and a poll object for a file that blocks."""
    whole_line = 1 << 30
    if number is None:
        return whole_line, None
    mode = os.fstat(number).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        characters = _PIPE_CHARACTERS
    elif os.isatty(number):
        characters = _TERMINAL_CHARACTERS
    else:
        return whole_line, None
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return characters, poll
