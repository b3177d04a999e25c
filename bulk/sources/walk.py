"""Files of a folder or of a pattern, on this machine or in a store, by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from bulk.errors import SourceError
from bulk.places import Entry, Place

_DEEPEST = 64
"""Folders in each other; a link that leads back to its own folder ends here."""
_PATTERN = re.compile(r"[*?\[]")
_ANY_DEPTH = "**"


def files_of(source: str) -> Iterator[Entry]:
    """Yield the files that a source names: itself, all in a folder, or all that match a pattern.

    Args:
        source: An address. `*`, `?` and `[…]` match within a name, `**` any number of folders.

    Raises:
        SourceError: There is nothing there, or a folder cannot be read.
    """
    place = Place(source)
    kind = place.kind()
    if kind == "folder":
        yield from _all_in(place, _DEEPEST)
    elif kind == "file":
        yield Entry(place.name, place, is_folder=False, size=place.size())
    elif _PATTERN.search(source):
        base, parts = _split(source)
        yield from _matching(base, parts, _DEEPEST)
    else:
        raise SourceError(f"there is no file or folder {source}")


def _split(source: str) -> tuple[Place, list[str]]:
    """Return the folder before the first pattern, and the parts from there on."""
    parts = source.split("/")
    first = next(place for place, part in enumerate(parts) if _PATTERN.search(part))
    base = "/".join(parts[:first])
    if not base:
        base = "/" if source.startswith("/") else "."
    return Place(base), parts[first:]


def _all_in(folder: Place, depth: int) -> Iterator[Entry]:
    if not depth:
        raise SourceError(f"{folder.address}: more than {_DEEPEST} folders in each other")
    for entry in folder.entries():
        if entry.is_folder:
            yield from _all_in(entry.place, depth - 1)
        else:
            yield entry


def _matching(folder: Place, parts: Sequence[str], depth: int) -> Iterator[Entry]:
    if not depth:
        raise SourceError(f"{folder.address}: more than {_DEEPEST} folders in each other")
    first, rest = parts[0], parts[1:]
    entries = folder.entries()
    if first == _ANY_DEPTH:
        yield from _matching(folder, rest or ["*"], depth) if rest else _all_in(folder, depth)
        for entry in entries if rest else ():
            if entry.is_folder:
                yield from _matching(entry.place, parts, depth - 1)
        return
    for entry in entries:
        if not fnmatchcase(entry.name, first):
            continue
        if entry.is_folder:
            more = _matching(entry.place, rest, depth - 1) if rest else _all_in(entry.place, depth)
            yield from more
        elif not rest:
            yield entry
