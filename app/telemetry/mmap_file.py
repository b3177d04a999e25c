"""One file of numbers by name, in the format of prometheus-client's multiprocess mode.

A header of 8 bytes begins with how many bytes are in use (int32). An entry is the length of its
name (int32), the name in UTF-8, spaces up to a multiple of 8, the number (float64), and a time of
which nothing is made here (float64). Numbers are written where they
stand, through a view of the mapped file: a microsecond less than prometheus-client takes for it.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import MutableSequence
from pathlib import Path
from typing import Any

from prometheus_client.mmap_dict import MmapedDict

_HEADER = struct.Struct("ii")
_LENGTH = struct.Struct("i")
_NUMBER_BYTES = 16
_FIRST_BYTES = 1 << 16

View = MutableSequence[float]
"""Of a mapped file; a `memoryview`, whose type knows integers only."""


class NumberFile:
    """The numbers of one kind of one process; not safe to add names to from two threads at once."""

    def __init__(self, path: Path) -> None:
        """Open a file, with the numbers that are in it, or make it."""
        self._path = path
        self._views: list[Any] = []
        self._map(_FIRST_BYTES)
        self._used: int = _LENGTH.unpack_from(self._mapped)[0]
        if self._used == 0:
            self._use(_HEADER.size)
        self._places: dict[str, int] = {
            name: place for name, _, _, place in MmapedDict.read_all_values_from_file(str(path))
        }

    def place(self, name: str) -> tuple[View, int]:
        """Where a number is, which is 0 if it is new: a view of float64, and the index in it."""
        if name not in self._places:
            self._append(name)
        return self._views[-1], self._places[name] // 8

    def close(self) -> None:
        """Close the file; who still has a view of it cannot use it any more."""
        for view in self._views:
            view.release()

    def _append(self, name: str) -> None:
        encoded = name.encode()
        # At least one space, as prometheus-client has it.
        padding = b" " * (8 - (_LENGTH.size + len(encoded)) % 8)
        entry = _LENGTH.pack(len(encoded)) + encoded + padding + bytes(_NUMBER_BYTES)
        begin, end = self._used, self._used + len(entry)
        if end > len(self._mapped):
            self._map(2 * len(self._mapped))
        self._mapped[begin:end] = entry
        self._use(end)
        self._places[name] = end - _NUMBER_BYTES

    def _use(self, end: int) -> None:
        """Say that the file is in use up to there; after its content, for it may be being read."""
        self._mapped[: _HEADER.size] = _HEADER.pack(end, 0)
        self._used = end

    def _map(self, least_bytes: int) -> None:
        """Map the whole file; views of what was mapped before stay good, and show the same."""
        with self._path.open("ab") as file:  # made where it is not there
            file.truncate(max(least_bytes, file.tell()))
        with self._path.open("r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), 0)
        self._views.append(memoryview(self._mapped).cast("d"))
