"""Opening of an image file by its first bytes, with the reason where it is not read."""

import io
import struct
import zlib
from collections.abc import Sequence

from PIL import Image, ImageFile
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from model.errors import BrokenImageError, ImageError, ImageTooLargeError, UnsupportedImageError
from model.image_files.decoding_cost import raise_if_of_system
from model.image_files.file_kinds import is_text, not_an_image
from model.image_files.pixel_types import is_misread, unsupported_tiff

DECODING_FAILURES = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""Exceptions of Pillow's readers on damaged data; all of them mean that the file is broken."""

_PREFIX = 16
_UNREAD_LAYOUT = {"unknown pixel mode", "unknown data organization"}
_GIF_HEADER, _GIF_FLAGS = 13, 10
_SIZE, _PIXELS = {256, 257}, {273, 324}
_VARIANTS = ("Unsupported", "cannot handle", "unknown filter")
"""Begin of Pillow's messages on a variant of a format that it does not read."""


def open_file(data: bytes, formats: Sequence[str]) -> ImageFile.ImageFile:
    """Read an image's header; no pixel is decoded.

    `Image.open` does the same, but says of every file that it does not read that it is no image.

    Args:
        data: The file's bytes.
        formats: Pillow's names of the formats that are read.

    Raises:
        ImageTooLargeError: There is no memory for the header.
        UnsupportedImageError: Not one of the formats, or a variant that is not read.
        BrokenImageError: One of the formats, but damaged or cut short.
        OSError: The operating system failed, not the image.
    """
    prefix = data[:_PREFIX]
    for name in formats:
        reader, accepts = Image.OPEN[name]
        if accepts is not None and accepts(prefix) is not True:
            continue
        try:
            return reader(io.BytesIO(data), "")
        except DECODING_FAILURES as error:
            raise_if_of_system(error)
            if _is_something_else(name, data, error):
                continue
            raise _header_error(name, data, error) from error
        except MemoryError as error:
            raise ImageTooLargeError("there is no memory to open the image") from error
    raise not_an_image(data, formats)


def _is_something_else(name: str, data: bytes, error: Exception) -> bool:
    """Return whether a file only begins like one of a format, as text may."""
    if name == "PPM":
        return str(error) == "not a PPM file"
    if name == "BMP":
        return is_text(data)
    if name == "GIF" and len(data) > _GIF_HEADER:
        flags = data[_GIF_FLAGS]
        palette = 3 << (flags & 7) + 1 if flags & 128 else 0
        # After header and palette comes an extension, an image, the end, or a cut.
        block = data[_GIF_HEADER + palette :][:1]
        return block not in {b"!", b",", b";", b""}
    return False


def _header_error(name: str, data: bytes, error: Exception) -> ImageError:
    message = str(error)
    if name == "TIFF":
        tags = _tiff_tags(data)
        if tags is not None and (message in _UNREAD_LAYOUT or is_misread(tags)):
            return unsupported_tiff(tags)
    if message.startswith(_VARIANTS):
        return UnsupportedImageError(
            f"a variant of {name} that is not read ({message}); save it as PNG or JPEG"
        )
    if isinstance(error.__cause__, (struct.error, EOFError)):
        message = "its data ends too early"
    return BrokenImageError(
        f"the {name} image is damaged or cut short, in its header ({message}); send the whole file"
    )


def _tiff_tags(data: bytes) -> ImageFileDirectory_v2 | None:
    """The tags of a TIFF's first frame; None where they lack its size or its pixels."""
    big = b"+" in data[2:4]
    file = io.BytesIO(data)
    try:
        tags = ImageFileDirectory_v2(data[: 16 if big else 8])
        file.seek(tags.next)
        tags.load(file)
        whole = set(tags) >= _SIZE and bool(_PIXELS & set(tags))
    except DECODING_FAILURES:
        return None
    return tags if whole else None
