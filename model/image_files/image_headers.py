"""Bounds of an image file that are checked on its bytes, before a decoder sees them.

Pillow allocates memory already when it opens a file: a canvas for the disposal of an animation's
first frame, and objects for each segment, chunk, strip and comment. What stands around the pixels
can so take a hundred times its bytes, and a canvas of any size can be filled.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from model.errors import ImageTooLargeError

MAX_PARTS = 10_000
"""Maximum number of segments of a JPEG before its pixels, of chunks of a PNG, and of blocks of a
GIF before its first frame. Ordinary files have fewer than 2,000."""

MAX_STRIPS = 20_000
"""Maximum number of strips or tiles of a TIFF."""

MAX_TAG_VALUES = 200_000
"""Maximum number of values of a TIFF's other fields; a palette of 16 bits has 196,608."""

ORIENTATION = 0x0112
_STRIP_TAGS = frozenset({273, 279, 324, 325})
_POINTERS = (0x8769, 0x8825, 0xA005)
"""Fields that hold the place of a further directory: EXIF, GPS, interoperability."""
_TEXTS = frozenset({1, 2, 6, 7})
"""Types whose values are kept as bytes, and so cost no more than the file."""
_MAX_FIELDS = 65_535

_JPEG_START = b"\xff\xd8"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_FILL, _FIRST_SEGMENT, _LAST_SEGMENT = 0xFF, 0x02, 0xFE
_ENDS = frozenset({0xDA, 0xD9})
"""Markers of a scan and of the end."""
_NO_SEGMENTS = frozenset(range(0xD0, 0xDB))
"""Markers without a segment, and those of a scan and of the end."""
_GIF_HEADER, _EXTENSION, _FRAME, _TRAILER, _COMMENT = 13, 0x21, 0x2C, 0x3B, b"\xfe"
_PNG_HEADER, _PNG_END = 24, b"IEND"
_SHORT = 3


@dataclass(frozen=True)
class Field:
    """An entry of a TIFF's directory.

    Attributes:
        kind: Type of the values, as TIFF numbers them.
        count: Number of the values.
        value: The value itself where there is one, else its offset.
    """

    tag: int
    kind: int
    count: int
    value: int


def check_header(data: bytes, max_pixels: int) -> None:
    """Refuse a file that would take much memory already when it is opened.

    Args:
        data: The file's bytes; of a format that is not looked at here, nothing is checked.
        max_pixels: Maximum number of pixels of a canvas.

    Raises:
        ImageTooLargeError: The file has a larger canvas or more parts than are taken.
    """
    for start, check in _CHECKS.items():
        if data.startswith(start):
            check(data, max_pixels)
            return


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Refuse a canvas of more pixels than are taken.

    Raises:
        ImageTooLargeError: It has more than `max_pixels`.
    """
    if width * height > max_pixels:
        raise ImageTooLargeError(
            f"the image has {width} x {height} pixels; at most {max_pixels:,} in all are taken"
        )


def scans_start(data: bytes) -> int:
    """Return the place of a JPEG's first scan, after the segments that come before it.

    Raises:
        ImageTooLargeError: There are more than `MAX_PARTS` segments.
    """
    place, end = 2, len(data) - 4
    for _ in range(MAX_PARTS):
        if place <= end and data[place] != _FILL:
            place = data.find(b"\xff", place)
        if not 0 <= place <= end:
            return len(data)
        marker = data[place + 1]
        if _FIRST_SEGMENT <= marker <= _LAST_SEGMENT and marker not in _NO_SEGMENTS:
            place += 2 + (data[place + 2] << 8) + data[place + 3]
        elif marker in _ENDS:
            return place
        else:
            place += 1 if marker in {0, _FILL} else 2
    raise _too_many("JPEG", "segments before its pixels")


def directory(data: bytes, start: int | None = None) -> Iterator[Field]:
    """Yield the fields of a TIFF's or an EXIF block's first directory, or of the one at `start`.

    A directory that is cut short ends early: Pillow has the error for it.
    """
    order = "<" if data[:2] == b"II" else ">"
    is_big = data[2:4] in {b"+\0", b"\0+"}
    head, pointer, at = ("Q", "Q", 8) if is_big else ("H", "L", 4)
    entry = struct.Struct(f"{order}HH{pointer}")
    value_size = struct.calcsize(f"{order}{pointer}")
    with suppress(struct.error):
        if start is None:
            (start,) = struct.unpack_from(order + pointer, data, at)
        (fields,) = struct.unpack_from(order + head, data, start)
        place = start + struct.calcsize(order + head)
        for _ in range(min(fields, _MAX_FIELDS)):
            tag, kind, count = entry.unpack_from(data, place)
            is_short = kind == _SHORT and count == 1
            (value,) = struct.unpack_from(
                order + ("H" if is_short else pointer), data, place + entry.size
            )
            yield Field(tag, kind, count, value)
            place += entry.size + value_size


def _check_jpeg(data: bytes, max_pixels: int) -> None:
    del max_pixels  # Nothing of the canvas's size is allocated before its limit is checked.
    scans_start(data)


def _check_png(data: bytes, max_pixels: int) -> None:
    if len(data) < _PNG_HEADER:
        return
    width, height = struct.unpack_from(">II", data, 16)
    check_pixels(width, height, max_pixels)
    place = len(_PNG_START)
    for _ in range(MAX_PARTS):
        if place + 8 > len(data) or data.startswith(_PNG_END, place + 4):
            return
        place += 12 + int.from_bytes(data[place : place + 4], "big")
    raise _too_many("PNG", "chunks")


def _check_gif(data: bytes, max_pixels: int) -> None:
    """Check the first frame, which Pillow may fill, and which may be larger than the canvas."""
    if len(data) < _GIF_HEADER:
        return
    frame = _first_frame(data)
    if frame + 9 <= len(data):
        left, top, width, height = struct.unpack_from("<HHHH", data, frame + 1)
        check_pixels(left + width, top + height, max_pixels)


def _first_frame(data: bytes) -> int:
    """Return the place of a GIF's first frame, found in the way in which Pillow finds it."""
    place, inside, unconditional = _GIF_HEADER + _palette_bytes(data[10]), False, 0
    for _ in range(MAX_PARTS):
        if place >= len(data) or (not inside and data[place] in {_FRAME, _TRAILER}):
            return place
        if inside:
            length = data[place]
            place += 1 + length
            inside = length > 0 or unconditional > 0
            unconditional -= 1
        elif data[place] == _EXTENSION:
            # Pillow reads this many blocks even where the one before ends the extension.
            unconditional = 0 if data[place + 1 : place + 2] == _COMMENT else 1
            unconditional += data[place + 3 : place + 14] == b"NETSCAPE2.0"
            inside, place = True, place + 2
        else:
            place += 1
    raise _too_many("GIF", "blocks before its first frame")


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 128 else 0


def _check_tiff(data: bytes, max_pixels: int) -> None:
    del max_pixels  # As in a JPEG.
    first = list(directory(data))
    others = [directory(data, field.value) for field in first if field.tag in _POINTERS]
    for field in chain(first, *others[: len(_POINTERS)]):
        _check_field(field)


def _check_field(field: Field) -> None:
    if field.tag in _STRIP_TAGS and field.count > MAX_STRIPS:
        raise ImageTooLargeError(
            f"the TIFF has {field.count:,} strips or tiles; at most {MAX_STRIPS:,} are taken; "
            "save it with larger ones"
        )
    if field.kind not in _TEXTS and field.count > MAX_TAG_VALUES:
        raise ImageTooLargeError(
            f"the TIFF's field {field.tag} has {field.count:,} values; "
            f"at most {MAX_TAG_VALUES:,} are taken; save the image without it"
        )


def _too_many(file_format: str, parts: str) -> ImageTooLargeError:
    return ImageTooLargeError(
        f"the {file_format} has more than {MAX_PARTS:,} {parts}; save it without metadata"
    )


_CHECKS: Mapping[bytes, Callable[[bytes, int], None]] = {
    _JPEG_START: _check_jpeg,
    _PNG_START: _check_png,
    b"GIF8": _check_gif,
    b"II": _check_tiff,
    b"MM": _check_tiff,
}
