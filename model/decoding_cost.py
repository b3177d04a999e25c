"""Bounds of the decoding cost that an image's canvas does not show, checked before it is decoded.

The size of the canvas bounds neither the memory nor the time of every decoder: a TIFF's tile can be
larger than its image and is decoded whole, and a JPEG is gone over once for each scan, of which a
file can hold very many at 10 to 70 bytes each.
"""

import numpy as np
from PIL import Image

from model.errors import ImageTooLargeError

MAX_SCANS = 100
"""The most scans of a JPEG. Baseline files have one to four, progressive ones about ten; each
further one costs up to 30 ms where the canvas has 50 million pixels."""

_MARKER, _START_OF_SCAN = 0xFF, 0xDA
_TILE_WIDTH, _TILE_LENGTH = 322, 323


def check_decoding_cost(image: Image.Image, data: bytes, max_pixels: int) -> None:
    """Refuse an image whose decoding would cost far more than its canvas says.

    Args:
        image: Opened, not decoded.
        data: The file's bytes.
        max_pixels: Maximum number of pixels of a canvas, and so of a tile.

    Raises:
        ImageTooLargeError: A TIFF's tile has more pixels than a canvas may have, or a JPEG more
            scans than `MAX_SCANS`.
    """
    if image.format == "TIFF":
        _check_tile(image, max_pixels)
    elif image.format in {"JPEG", "MPO"}:
        _check_scans(data)


def _check_tile(image: Image.Image, max_pixels: int) -> None:
    tags = getattr(image, "tag_v2", {})
    width, length = tags.get(_TILE_WIDTH, 0), tags.get(_TILE_LENGTH, 0)
    if not (isinstance(width, int) and isinstance(length, int)):
        raise ImageTooLargeError("the TIFF's tiles have no size; save it without tiles")
    if width * length > max_pixels:
        raise ImageTooLargeError(
            f"the TIFF's tiles have {width} x {length} pixels; "
            f"at most {max_pixels:,} are taken; save it without tiles"
        )


def _check_scans(data: bytes) -> None:
    """Refuse too many scans: their markers, since 0xFF 0xDA never occurs within a scan's data.

    NumPy counts them in a photograph of 500 kB about ten times as fast as `bytes.count`.
    """
    view = np.frombuffer(data, dtype=np.uint8)
    scans = np.count_nonzero((view[:-1] == _MARKER) & (view[1:] == _START_OF_SCAN))
    if scans > MAX_SCANS:
        raise ImageTooLargeError(
            f"the JPEG has {scans:,} scans; at most {MAX_SCANS} are taken; save it as baseline"
        )
