"""Files of values whose pages exist before they are written to.

A file that is mapped into memory takes space when a page of it is first written. If there is none
then, as in a full /dev/shm, the kernel ends the process by SIGBUS, without a word. So the space is
reserved first, which fails with an error that can be handled.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from prometheus_client.mmap_dict import MmapedDict

Cell: TypeAlias = "memoryview[float]"
"""Place of one number in a file, which is written by assignment to its only element."""
INITIAL_BYTES = 1 << 16
"""Size of a new file; it is doubled when it is full."""
_HEADER_BYTES, _NUMBERS_BYTES, _ALIGNED_BYTES = 4, 16, 8


def reserve(path: Path, size: int) -> None:
    """Make a file of at least `size` bytes, all of which can be written; a new one is zero.

    Raises:
        OSError: There is no room, or the file cannot be written.
    """
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError:
        if is_new:  # An empty file could not be read by `GET /metrics`.
            with suppress(OSError):
                path.unlink()
        raise
    finally:
        os.close(descriptor)


class ReservedFile(MmapedDict):
    """prometheus-client's file of values, with all of its pages reserved."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            OSError: There is no room, or the file cannot be written.
        """
        self._path = path
        size = path.stat().st_size if path.exists() else 0
        reserve(path, max(size, INITIAL_BYTES))
        super().__init__(str(path))  # type: ignore[no-untyped-call] # prometheus-client has no types

    def cell(self, key: str) -> Cell:
        """Return the cell of a value, which stays that of the file when the file grows.

        Writing to it takes a tenth of the time of `write_value`.

        Raises:
            OSError: A new value has no room in the file.
        """
        self.read_value(key)  # type: ignore[no-untyped-call] # adds a new one
        start = self._positions[key]
        return memoryview(self._m)[start : start + _ALIGNED_BYTES].cast("d")

    def _init_value(self, key: str) -> None:
        """Add a value; raises OSError if the file has to grow and there is no room."""
        length = _HEADER_BYTES + len(key.encode())
        needed = length + _ALIGNED_BYTES - length % _ALIGNED_BYTES + _NUMBERS_BYTES
        size = self._capacity
        while self._used + needed > size:
            size *= 2
        if size > self._capacity:
            reserve(self._path, size)
        super()._init_value(key)  # type: ignore[no-untyped-call]


class NoFile:
    """The file of values for which there was no room: it holds none."""

    def cell(self, key: str) -> Cell:
        """Return the cell of a new value."""
        del key
        return memoryview(bytearray(_ALIGNED_BYTES)).cast("d")

    def close(self) -> None:
        """Do nothing."""
