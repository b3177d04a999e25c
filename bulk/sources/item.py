"""Place of one image: a file, or a part of one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_USUAL = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"))
_OTHERS = frozenset((".pgm", ".ppm", ".pbm", ".pnm", ".heic", ".heif", ".avif"))
IMAGES = _USUAL | _OTHERS
"""Endings of the names of images; other files are passed over."""


class Kind(StrEnum):
    """Kind of the file that holds an image."""

    FILE = "file"
    ZIP = "zip"
    TAR = "tar"
    PARQUET = "parquet"


ARCHIVES = {".zip": Kind.ZIP, ".tar": Kind.TAR, ".parquet": Kind.PARQUET}
"""Kinds of files that hold many images, by the endings of their names."""


@dataclass(frozen=True)
class Item:
    """Place of one image.

    Attributes:
        path: The image's name in the output: the file's, and for an image in an archive
            `ARCHIVE/MEMBER`, in a parquet file `FILE/ROW`.
        file: Address of the file.
        kind: What that file is.
        member: Name of the member in a zip; name of the column of a parquet file.
        start: Where a member of a tar begins, in bytes; row of a parquet file.
        size: Bytes of the image, as listed; 0 where that is not known.
    """

    path: str
    file: str
    kind: Kind
    member: str = ""
    start: int = 0
    size: int = 0


def ending(name: str) -> str:
    """Return the ending of a name, in small letters: `.jpg`."""
    base = name.rpartition("/")[2]
    stem, dot, last = base.rpartition(".")
    return f"{dot}{last}".lower() if stem else ""
