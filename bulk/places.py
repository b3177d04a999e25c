"""Files on this machine or in a store such as S3, by one interface; pyarrow reads them."""

from __future__ import annotations

import io
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pyarrow import fs

from bulk.errors import SourceError

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://")
"""At the beginning of an address that is none of this machine's paths."""

_READ_AHEAD = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One entry of a folder; `size` is that of a file, in bytes."""

    name: str
    place: Place
    is_folder: bool
    size: int


@dataclass(frozen=True)
class Place:
    """A file or folder.

    Attributes:
        address: As it was given: a path, `s3://bucket/key` or `file:///path`.
    """

    address: str

    @property
    def is_local(self) -> bool:
        """True of a path of this machine."""
        return _ADDRESS.match(self.address) is None

    @property
    def path(self) -> Path:
        """The path of a local place."""
        return Path(self.address)

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.address.rstrip("/").rpartition("/")[2]

    def child(self, name: str) -> Place:
        """Return the place of that name in this folder."""
        return Place(f"{self.address.rstrip('/')}/{name}")

    def sibling(self, suffix: str) -> Place:
        """Return the place beside this one whose name ends in `suffix` besides."""
        return Place(f"{self.address.rstrip('/')}{suffix}")

    def _opened(self) -> tuple[fs.FileSystem, str]:
        if self.is_local:
            return fs.LocalFileSystem(), self.address
        scheme, _, rest = self.address.partition("://")
        try:
            address = f"{scheme}://{quote(rest, safe='/:@')}"
            found: tuple[fs.FileSystem, str] = fs.FileSystem.from_uri(address)
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.address} cannot be opened: {error}") from error
        return found

    def kind(self) -> str:
        """Return `file`, `folder` or `none`.

        Raises:
            SourceError: It cannot be looked at.
        """
        system, path = self._opened()
        with _explained(self):
            found = system.get_file_info(path).type
        return {fs.FileType.File: "file", fs.FileType.Directory: "folder"}.get(found, "none")

    def size(self) -> int:
        """Return the bytes of a file."""
        system, path = self._opened()
        with _explained(self):
            return int(system.get_file_info(path).size or 0)

    def entries(self) -> list[Entry]:
        """Return the files and folders in a folder, by name.

        Raises:
            SourceError: It cannot be read.
        """
        system, path = self._opened()
        with _explained(self):
            found = system.get_file_info(fs.FileSelector(path))
        kinds = {fs.FileType.File: False, fs.FileType.Directory: True}
        return [
            Entry(each.base_name, self.child(each.base_name), kinds[each.type], each.size or 0)
            for each in sorted(found, key=lambda each: each.base_name)
            if each.type in kinds
        ]

    def open(self) -> Any:  # noqa: ANN401 (a file of pyarrow, which has no types)
        """Open a file for reading at any position.

        Raises:
            OSError: It cannot be opened.
        """
        system, path = self._opened()
        return system.open_input_file(path)

    def open_archive(self) -> Any:  # noqa: ANN401 (as above)
        """Open a file for many small reads, most of them forwards; errors as `open`.

        Each read in a store is a request, so that a megabyte is read at a time.
        """
        file = self.open()
        return file if self.is_local else io.BufferedReader(file, _READ_AHEAD)

    def read(self) -> bytes:
        """Read a whole file of our own.

        Raises:
            OSError: It cannot be read.
        """
        with self.open() as file:
            data: bytes = file.read()
        return data

    def make_folder(self) -> None:
        """Make a folder, unless it is there."""
        system, path = self._opened()
        with _explained(self):
            system.create_dir(path, recursive=True)

    def remove_folder(self) -> None:
        """Remove a folder with all that is in it."""
        system, path = self._opened()
        with _explained(self):
            system.delete_dir(path)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Open a file for writing, which is there as a whole at the end of the block, or not.

        On this machine it is on the disk before it gets its name.

        Raises:
            OSError: It cannot be written.
        """
        system, path = self._opened()
        folder, _, name = path.rpartition("/")
        temporary = f"{folder}{'/' if folder else ''}.{name}.{uuid.uuid4().hex[:12]}"
        try:
            with system.open_output_stream(temporary) as file:
                yield file
            if self.is_local:
                _sync(temporary)
            system.move(temporary, path)
            if self.is_local:
                _sync(folder or ".")
        except BaseException:
            if system.get_file_info(temporary).type == fs.FileType.File:
                system.delete_file(temporary)
            raise

    def write(self, data: bytes) -> None:
        """Write a file as a whole; errors as `writing`."""
        with self.writing() as file:
            file.write(data)


def _sync(path: str) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _explained(place: Place) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(f"{place.address} cannot be read: {error}") from error
