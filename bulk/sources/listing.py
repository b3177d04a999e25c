"""Listing of the images of a source."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import parquet

from bulk.errors import SourceError
from bulk.places import Entry, Place
from bulk.sources.item import ARCHIVES, IMAGES, Item, Kind, ending
from bulk.sources.walk import files_of

_BYTES_FIELD = "bytes"
"""Field of a column of structures that holds an image, as in the data sets of Hugging Face."""


@dataclass
class Skipped:
    """Number of files and members that are no images by their names."""

    files: int = 0


def list_items(
    sources: Sequence[str], column: str | None, skipped: Skipped | None = None
) -> Iterator[Item]:
    """Yield the places of the images of some sources, in the order of their names.

    Args:
        sources: Folders, files, patterns or addresses.
        column: Column of parquet files that holds images; None to take the only one of bytes.
        skipped: Counts what is passed over.

    Raises:
        SourceError: A source is not there, or an archive cannot be read.
    """
    counted = skipped or Skipped()
    for source in sources:
        for entry in files_of(source):
            yield from _items_of(entry, column, counted)


def _items_of(entry: Entry, column: str | None, skipped: Skipped) -> Iterator[Item]:
    last, address = ending(entry.name), entry.place.address
    if last in IMAGES:
        yield Item(address, address, Kind.FILE, size=entry.size)
    elif last in ARCHIVES:
        try:
            yield from _LISTED[ARCHIVES[last]](entry.place, column, skipped)
        except (OSError, zipfile.BadZipFile, tarfile.TarError, pa.ArrowException) as error:
            raise SourceError(f"{address} cannot be read: {error}") from error
    else:
        skipped.files += 1


def _of_zip(place: Place, column: str | None, skipped: Skipped) -> Iterator[Item]:
    del column
    with place.open_archive() as file, zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            if ending(member.filename) not in IMAGES:
                skipped.files += 1
                continue
            name, size = member.filename, member.file_size
            yield Item(f"{place.address}/{name}", place.address, Kind.ZIP, name, size=size)


def _of_tar(place: Place, column: str | None, skipped: Skipped) -> Iterator[Item]:
    """List a tar, which is not compressed: its members are read where they stand."""
    del column
    with place.open_archive() as file, tarfile.open(fileobj=file, mode="r:") as archive:
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # Else it keeps every member.
            if member.isreg() and ending(member.name) in IMAGES:
                where = member.offset_data
                path = f"{place.address}/{member.name}"
                yield Item(path, place.address, Kind.TAR, start=where, size=member.size)
            elif not member.isdir():
                skipped.files += 1


def _of_parquet(place: Place, column: str | None, skipped: Skipped) -> Iterator[Item]:
    del skipped
    with place.open() as file:
        opened = parquet.ParquetFile(file)
        found = image_column(opened.schema_arrow, column, place.address)
        rows = opened.metadata.num_rows
    for row in range(rows):
        yield Item(f"{place.address}/{row}", place.address, Kind.PARQUET, found, start=row)


_LISTED: Mapping[Kind, Callable[[Place, str | None, Skipped], Iterator[Item]]] = {
    Kind.ZIP: _of_zip,
    Kind.TAR: _of_tar,
    Kind.PARQUET: _of_parquet,
}


def image_column(schema: pa.Schema, wanted: str | None, address: str) -> str:
    """Return the column of images of a parquet file: of bytes, or of structures with `bytes`.

    Raises:
        SourceError: There is none of that name, or none or several where none is named.
    """
    found = [field.name for field in schema if _holds_images(field.type)]
    if wanted is None and len(found) == 1:
        return str(found[0])
    if wanted in found:
        return str(wanted)
    listed = ", ".join(found) or "none"
    raise SourceError(f"{address}: name its column of images by --column; of bytes are: {listed}")


def _holds_images(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        place = kind.get_field_index(_BYTES_FIELD)
        return place >= 0 and _holds_images(kind.field(place).type)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
