"""Listing of the files of a folder or zip: images by their content, and counts of all others."""

import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, Any
from zipfile import BadZipFile

from PIL import Image

from model.errors import ImageError
from model.image_files.file_kinds import is_text
from model.preprocessing import FORMATS, open_image
from training.data.decoding import LIMITS
from training.data.image_set import IMAGE_SUFFIXES, MAX_FILE_BYTES

_PREFIX = 16
_UNREADABLE = (OSError, EOFError, RuntimeError, ValueError, BadZipFile, zlib.error)
"""Exceptions where a file, or one of a zip, cannot be read."""

MAX_ENTRIES = 2_000_000
"""Maximum files and folders of a data set."""


@dataclass(frozen=True)
class FoundFile:
    """A file: its path within the data set, and functions that read it.

    Attributes:
        path: Path from the root of the data set.
        read: Reads all bytes.
        open: Opens the file, for a look at its header.
        content: Equal for two paths of one file, as by a link.
    """

    path: PurePosixPath
    read: Callable[[], bytes] = field(repr=False)
    open: Callable[[], IO[Any]] = field(repr=False)
    content: Hashable = None


@dataclass
class Listing:
    """Files and folders, without litter, and how many of other kinds there are.

    Attributes:
        files: Regular files.
        folders: All folders, empty ones too.
        skipped: Entries that are not read, by the reason.
    """

    files: list[FoundFile] = field(default_factory=list)
    folders: set[PurePosixPath] = field(default_factory=set)
    skipped: Counter[str] = field(default_factory=Counter)

    def divide(self) -> tuple[list[FoundFile], list[FoundFile]]:
        """Divide the files into images and others.

        A file with the ending of an image counts as one: if it is none, that is reported with its
        name. A file with another ending, or with none, is one if its content is.
        """
        images, others = list[FoundFile](), list[FoundFile]()
        for file in self.files:
            (images if _is_image(file) else others).append(file)
        return images, others


def count_endings(files: Iterable[FoundFile]) -> dict[str, int]:
    """Count files by their endings in lower case, most frequent first; "" for files without."""
    return dict(Counter(file.path.suffix.lower() for file in files).most_common())


def printable(name: str) -> str:
    r"""Return a file name as text: bytes that are not UTF-8 become `\xNN`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def composed(name: str) -> str:
    """Return a name in Unicode's composed form: macOS and old zips store `é` as two characters."""
    return unicodedata.normalize("NFC", name)


def _is_image(file: FoundFile) -> bool:
    if file.path.suffix.lower() in IMAGE_SUFFIXES:
        return True
    try:
        with file.open() as opened:
            prefix = opened.read(_PREFIX)
            return _may_be_image(prefix) and _shows_image(prefix + opened.read(MAX_FILE_BYTES))
    except _UNREADABLE:
        return False


def _may_be_image(prefix: bytes) -> bool:
    """Check whether a format's reader takes a file that begins so; a long film is not read."""
    readers = [Image.OPEN[name] for name in FORMATS]
    return any(accepts is None or accepts(prefix) is True for _, accepts in readers)


def _shows_image(data: bytes) -> bool:
    """Check by its header whether a file is an image; a damaged one is reported with its name.

    Prose that begins as a PPM does, `P5 …`, is none.
    """
    try:
        open_image(data, LIMITS)
    except ImageError:
        return not is_text(data)
    return True
