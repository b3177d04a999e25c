"""Walk through a folder, links followed."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from training.data.readers.listing import MAX_ENTRIES, FoundFile, Listing, printable
from training.data.readers.litter import is_litter
from training.errors import DataError

MAX_DEPTH = 12
"""Maximum folders from the root to a file."""

_Identity = tuple[int, int]
"""Device and inode."""


@dataclass(frozen=True)
class _Folder:
    path: Path
    within: PurePosixPath
    above: frozenset[_Identity]
    """The folder itself and those that it was reached through."""


def walk(root: Path, read: Callable[[Path], bytes]) -> Listing:
    """List a folder; links to files and folders are followed, but not back into a folder above.

    `read` reads a file of the listing, when it is asked for.

    Raises:
        DataError: There are more than `MAX_ENTRIES` files and folders.
    """
    listing = Listing()
    waiting = [_Folder(root, PurePosixPath(), frozenset({_of(root.stat())}))]
    seen = 0
    while waiting:
        folder = waiting.pop()
        entries = _entries(folder, listing)
        seen += len(entries)
        if seen > MAX_ENTRIES:
            raise DataError(
                f"{root} has more than {MAX_ENTRIES:,} files and folders, counted through its "
                "links; give a smaller folder"
            )
        for entry in entries:
            found = _add(entry, folder, listing, read)
            waiting.extend([] if found is None else [found])
    return listing


def _entries(folder: _Folder, listing: Listing) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder.path) as found:
            entries = [entry for entry in found if not is_litter(entry.name)]
    except OSError:
        listing.skipped["folders that cannot be read"] += 1
        return []
    return sorted(entries, key=lambda entry: entry.name)


def _add(
    entry: os.DirEntry[str], folder: _Folder, listing: Listing, read: Callable[[Path], bytes]
) -> _Folder | None:
    """Add a file or folder to the listing; returns a folder to go into."""
    try:
        found = entry.stat()
    except OSError:
        reason = "links to nothing" if entry.is_symlink() else "files that cannot be read"
        listing.skipped[reason] += 1
        return None
    path, within, identity = Path(entry.path), folder.within / printable(entry.name), _of(found)
    if stat.S_ISREG(found.st_mode):
        listing.files.append(
            FoundFile(within, partial(read, path), partial(open, path, "rb"), identity)
        )
    elif reason := _refusal(found.st_mode, identity, folder):
        listing.skipped[reason] += 1
    else:
        listing.folders.add(within)
        return _Folder(path, within, folder.above | {identity})
    return None


def _refusal(mode: int, identity: _Identity, folder: _Folder) -> str:
    """Return why a folder is not gone into; empty if it is."""
    if not stat.S_ISDIR(mode):
        return "pipes, sockets and devices"
    if identity in folder.above:
        return "links back into a folder above"
    if len(folder.within.parts) >= MAX_DEPTH:
        return f"folders more than {MAX_DEPTH} levels deep"
    return ""


def _of(found: os.stat_result) -> _Identity:
    return found.st_dev, found.st_ino
