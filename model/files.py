"""Reading of regular files within a bound, and writing that leaves no half-written ones.

A path that an operator or a data set names may lead to a FIFO, whose opening waits for a writer; to
a device, which never ends; or to a file that grows while it is read. None of them is read here.
"""

import errno
import os
import stat
from pathlib import Path

from model.errors import BundleError, FileError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
# Opening a FIFO then returns at once; for a regular file the flags change nothing.
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
LASTING = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES, errno.EPERM}
)
"""Errors that last until the file, or its permissions, change."""


def read_file(path: Path, max_bytes: int) -> bytes:
    """Read a regular file as a whole.

    Symbolic links are followed. The file is checked before it is opened, since opening a device may
    have an effect, and again once it is open, since another may have taken its place.

    Raises:
        FileError: It is not a regular file, has more than `max_bytes`, or cannot be read.
    """
    try:
        _check_regular(path, path.stat())
        with open(path, "rb", opener=_open_at_once) as file:
            found = os.fstat(file.fileno())
            _check_regular(path, found)
            # One byte more shows that the file is longer than was stated, as one of /proc is.
            data = file.read(min(found.st_size, max_bytes) + 1)
            if found.st_size < len(data) <= max_bytes:
                data += file.read(max_bytes + 1 - len(data))
    except OSError as error:
        raise FileError(
            f"{path} cannot be read: {error.strerror}", is_transient=error.errno not in LASTING
        ) from error
    if len(data) > max_bytes:
        raise FileError(f"{path} has more than {max_bytes:,} bytes; at most so many are read")
    return data


def read_text(path: Path, max_bytes: int) -> str:
    """Read a regular file of UTF-8 text as a whole.

    Raises:
        FileError: It is not a regular file, has more than `max_bytes`, cannot be read, or is not
            UTF-8.
    """
    try:
        return read_file(path, max_bytes).decode()
    except UnicodeDecodeError as error:
        raise FileError(f"{path} cannot be read: it is not UTF-8 text") from error


def check_regular(path: Path) -> None:
    """Check that a file is a regular one, for a library that opens it by itself.

    Raises:
        FileError: It is not, or cannot be looked at.
    """
    try:
        _check_regular(path, path.stat())
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error


def check_place(folder: Path, marker: str) -> None:
    """Check that a folder may be written, before the work that it is written with.

    Args:
        folder: It may exist, and is then replaced.
        marker: A file that every folder of its kind has.

    Raises:
        BundleError: It exists without that file, so it is not ours to replace, or it cannot be
            made there.
    """
    if folder.exists() and not (folder / marker).is_file():
        raise BundleError(f"{folder} exists and is not a bundle; choose another place")
    above = next(each for each in folder.absolute().parents if each.exists())
    if not above.is_dir():
        raise BundleError(f"{folder} cannot be made: {above} is not a folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise BundleError(f"{folder} cannot be made: {above} may not be written to")


def put_in_place(new: Path, folder: Path, old: Path) -> None:
    """Give a new folder the name of one that may exist, which is moved to `old`."""
    if not folder.exists():
        new.rename(folder)
        return
    folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        old.rename(folder)
        raise


def write_synced(path: Path, data: bytes) -> None:
    """Write a file, and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _check_regular(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise FileError(f"{path} cannot be read: it is {kind}, not a regular file")


def _open_at_once(name: str, flags: int) -> int:
    return os.open(name, flags | _FLAGS)
