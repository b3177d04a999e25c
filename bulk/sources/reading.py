"""Reading of listed images. What cannot be read for a lasting reason is a row with that reason."""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import groupby

import pyarrow as pa
from pyarrow import parquet

from bulk.errors import SourceError
from bulk.places import Place
from bulk.sources.item import ARCHIVES, IMAGES, Item, Kind, ending
from bulk.sources.listing import list_items
from model.errors import FileError
from model.files import read_file

Content = bytes | str
"""Bytes of an image, or the reason why there are none."""

_LASTING = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
_READS_AT_A_TIME = 16
"""Files that are read at a time from a store: each takes tens of milliseconds to begin."""
_ROWS_AT_A_TIME = 64
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)
"""Errors of a member that is damaged, encrypted, or compressed in an unknown way."""


def read_items(items: Sequence[Item], max_bytes: int) -> Iterator[tuple[Item, Content]]:
    """Yield images with their bytes, in order; few of them are in memory at a time.

    Args:
        items: The images, as listed.
        max_bytes: Largest file of one image that is read.

    Raises:
        SourceError: An archive is gone or damaged as a whole, or a store did not answer: another
            attempt may succeed.
    """
    for (file, kind), group in groupby(items, key=lambda item: (item.file, item.kind)):
        if kind is not Kind.FILE:
            yield from _explained(file, kind, list(group), max_bytes)
        elif Place(file).is_local:
            yield from ((item, _read_local(item, max_bytes)) for item in group)
        else:
            yield from _read_ahead(list(group), max_bytes)


def _read_local(item: Item, max_bytes: int) -> Content:
    try:
        return read_file(Place(item.file).path, max_bytes)
    except FileError as error:
        if error.is_transient:
            raise SourceError(str(error)) from error
        return str(error)


def _read_ahead(items: Sequence[Item], max_bytes: int) -> Iterator[tuple[Item, Content]]:
    with ThreadPoolExecutor(_READS_AT_A_TIME) as pool:
        for start in range(0, len(items), _READS_AT_A_TIME):
            part = items[start : start + _READS_AT_A_TIME]
            yield from zip(
                part, pool.map(lambda item: _read_remote(item, max_bytes), part), strict=True
            )


def _read_remote(item: Item, max_bytes: int) -> Content:
    try:
        with Place(item.file).open() as file:
            data: bytes = file.read(max_bytes + 1)
    except _LASTING as error:
        return f"{item.file} cannot be read: {error}"
    except OSError as error:
        raise SourceError(f"{item.file} cannot be read now: {error}") from error
    return data if len(data) <= max_bytes else _too_long(item, max_bytes)


def _too_long(item: Item, max_bytes: int) -> str:
    return f"{item.path} has more than {max_bytes:,} bytes; at most so many are read"


def _explained(
    file: str, kind: Kind, items: Sequence[Item], max_bytes: int
) -> Iterator[tuple[Item, Content]]:
    try:
        yield from _READERS[kind](items, max_bytes)
    except (OSError, zipfile.BadZipFile, tarfile.TarError, pa.ArrowException) as error:
        raise SourceError(f"{file} cannot be read: {error}") from error


def _from_zip(items: Sequence[Item], max_bytes: int) -> Iterator[tuple[Item, Content]]:
    archive = _open_zip(items[0].file)
    for item in items:
        yield item, _member(archive, item, max_bytes)


@lru_cache(maxsize=1)
def _open_zip(file: str) -> zipfile.ZipFile:
    """Open a zip, whose list of members the next shard needs too: it takes 10 µs a member."""
    return zipfile.ZipFile(Place(file).open_archive())


def _member(archive: zipfile.ZipFile, item: Item, max_bytes: int) -> Content:
    try:
        with archive.open(item.member) as member:
            data = member.read(max_bytes + 1)
    except (*_BROKEN_ZIP, struct.error) as error:
        return f"{item.path} is damaged in its archive: {error}"
    except KeyError:
        return f"{item.path} is no more in its archive"
    return data if len(data) <= max_bytes else _too_long(item, max_bytes)


def _from_tar(items: Sequence[Item], max_bytes: int) -> Iterator[tuple[Item, Content]]:
    with Place(items[0].file).open_archive() as file:
        for item in items:
            if item.size > max_bytes:
                yield item, _too_long(item, max_bytes)
                continue
            file.seek(item.start)
            data = file.read(item.size)
            whole = len(data) == item.size
            yield item, data if whole else f"{item.path} is cut short in its archive"


def _from_parquet(items: Sequence[Item], max_bytes: int) -> Iterator[tuple[Item, Content]]:
    column, wanted = items[0].member, {item.start: item for item in items}
    first, last = min(wanted), max(wanted)
    with Place(items[0].file).open() as file:
        opened = parquet.ParquetFile(file)
        for begin, groups in _row_groups(opened.metadata, first, last):
            row = begin
            for batch in opened.iter_batches(_ROWS_AT_A_TIME, row_groups=groups, columns=[column]):
                if row > last:
                    break
                for at in range(max(0, first - row), batch.num_rows):
                    item = wanted.get(row + at)
                    if item is not None:
                        yield item, _value(batch.column(0)[at].as_py(), item, max_bytes)
                row += batch.num_rows


def _row_groups(
    metadata: parquet.FileMetaData, first: int, last: int
) -> Iterator[tuple[int, list[int]]]:
    """Yield the row groups that hold rows `first` to `last`, each with its first row."""
    begin = 0
    for place in range(metadata.num_row_groups):
        rows = metadata.row_group(place).num_rows
        if begin <= last and begin + rows > first:
            yield begin, [place]
        begin += rows


def _value(value: object, item: Item, max_bytes: int) -> Content:
    data = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(data, bytes):
        return f"{item.path} has no bytes"
    return data if len(data) <= max_bytes else _too_long(item, max_bytes)


_READERS = {Kind.ZIP: _from_zip, Kind.TAR: _from_tar, Kind.PARQUET: _from_parquet}


def find_item(path: str) -> Item | None:
    """Return the place of an image by its path in an output; None where it is not there now.

    Raises:
        SourceError: A store, or an archive, cannot be read.
    """
    if ending(path) in IMAGES and Place(path).kind() == "file":
        return Item(path, path, Kind.FILE)
    parts = path.split("/")
    for place, part in enumerate(parts[:-1], start=1):
        kind = ARCHIVES.get(ending(part))
        file = "/".join(parts[:place])
        if kind is not None and Place(file).kind() == "file":
            return _found_in(Place(file), kind, path)
    return None


def _found_in(place: Place, kind: Kind, path: str) -> Item | None:
    inside = path.removeprefix(f"{place.address}/")
    if kind is Kind.ZIP:
        return Item(path, place.address, kind, inside)
    return next((item for item in list_items([place.address], None) if item.path == path), None)
