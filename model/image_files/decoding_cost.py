"""Memory that decoding an image takes at its peak, computed before it is decoded.

It differs between formats by more than their canvases: a WebP is held four times, a TIFF's strip
once packed and once in the canvas, a progressive JPEG as coefficients, the two rows of a PNG may be
as large as its canvas. `tests/model/test_decoding_cost.py` measures each against the kernel's
count. A format that has no entry here is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from PIL import Image

from model.errors import ImageTooLargeError, UnsupportedImageError
from model.image_files.image_headers import scans_start
from model.image_files.webp_codes import code_tables_bytes, unknown_tables_bytes

# Pillow imports a reader with the first image of its format, which fails without a free descriptor.
for _reader in ("Bmp", "Gif", "Jpeg", "Mpo", "Png", "Ppm", "Tiff", "WebP"):
    import_module(f"PIL.{_reader}ImagePlugin")

MAX_SCANS = 100
"""Maximum number of scans of a JPEG. Baseline files have one to four, progressive ones about ten;
each further one costs up to 30 ms where the canvas has 50 million pixels."""

MAX_RUN_LENGTH_BYTES = 1_000_000
"""Maximum size of a run-length encoded BMP, which Pillow decodes in Python: 0.2 s a megabyte."""

BAND_PIXELS = 1 << 17
"""Pixels of a band, where an image is converted in bands."""

_SCAN = b"\xff\xda"
_SMALL_FILE = 6_000
"""Bytes up to which `bytes.count` is as fast as NumPy."""
_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _ROWS_PER_STRIP = 258, 259, 262, 277, 278
_STRIPS, _TILE_WIDTH, _TILE_LENGTH, _ORIENTATION = 273, 322, 323, 274
_YCBCR = 6
_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}
"""Bytes of a pixel in Pillow's memory by mode; 4 in all others."""
_RUN_LENGTH = frozenset({1, 2})
"""Compressions of a BMP, of 8 and of 4 bits a pixel."""
_POINTER = 8
"""Bytes that Pillow holds for each row beside its pixels."""
_BLOCK_SIDE = 32
"""Maximum side of the block to whose multiple a JPEG's coefficients are padded."""
TURNING = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"})
"""Names of what may hold an orientation."""
_TELLING_CHUNKS = (b"eXIf", b"tRNS", b"tEXt", b"zTXt", b"iTXt")
_FIXED = 16_000_000
"""Bytes for tables, bands, the fitted image, and what stands around the pixels."""
_FILE_COPIES = 3
"""Copies of the file or of parts of it, such as profiles, that a decoder may hold."""


@dataclass(frozen=True)
class DecoderCost:
    """Memory of a decoder beside the canvas, in bytes.

    Attributes:
        held: Held until the image is dropped.
        loading: Held while the canvas is filled.
    """

    held: int = 0
    loading: int = 0


@dataclass(frozen=True)
class Opened:
    """An image whose header is read: what its cost follows from.

    Attributes:
        image: Opened, not decoded; for a JPEG, after the choice of its scale.
        data: The file's bytes.
        width: Pixels of the file's canvas, which a JPEG's scale makes smaller.
        height: As the width.
        max_pixels: Maximum number of pixels of a canvas, and so of a TIFF's tile.
    """

    image: Image.Image
    data: bytes
    width: int
    height: int
    max_pixels: int


def decoding_cost(opened: Opened, channels: int) -> int:
    """Return the bytes that decoding takes at most, beside the file's own.

    Args:
        opened: The image.
        channels: Those of the result, 1 or 3.

    Raises:
        ImageTooLargeError: The file needs far more than its canvas: a JPEG has more scans than
            `MAX_SCANS`, a TIFF's tile more pixels than a canvas may have, or a BMP in run-length
            encoding more bytes than `MAX_RUN_LENGTH_BYTES`.
        UnsupportedImageError: The cost of the format is not known.
    """
    image = opened.image
    cost_of = _DECODERS.get(image.format or "")
    if cost_of is None:
        raise UnsupportedImageError(f"the memory that {image.format} images take is not known")
    decoder, (width, height) = cost_of(opened), image.size
    per_pixel = 1 if channels == 1 else 4
    canvas = _canvas(width, height, _BYTES.get(image.mode, 4))
    flat = _canvas(width, height, per_pixel)
    # 16 bits become 8 before they become the result's channels.
    scaled = _canvas(width, height, 1) if image.mode.startswith("I") else 0
    is_late = image.format == "PNG" and _has_late_chunks(opened.data)
    may_be_turned = is_late or not TURNING.isdisjoint(image.info)
    turned = _canvas(height, width, per_pixel) if may_be_turned else 0
    is_wanted = image.mode == ("L" if channels == 1 else "RGB")
    plain = is_wanted and not is_late and not image.has_transparency_data
    peak = max(
        canvas + decoder.held + decoder.loading,
        canvas + decoder.held + (turned if plain else scaled + flat),
        0 if plain else flat + decoder.held + turned,
    )
    return peak + _FIXED + _FILE_COPIES * len(opened.data)


def _has_late_chunks(data: bytes) -> bool:
    """Return whether a PNG may have an orientation or transparency behind its pixels."""
    start = data.find(b"IDAT")
    return any(data.find(kind, start) >= 0 for kind in _TELLING_CHUNKS)


def _canvas(width: int, height: int, per_pixel: int) -> int:
    return width * height * per_pixel + height * _POINTER


def _jpeg(opened: Opened) -> DecoderCost:
    """Coefficients of the whole image, 2 bytes each, where it has several scans; else some rows."""
    samples = getattr(opened.image, "layers", 4)
    rows = 2 * _BLOCK_SIDE * samples * (opened.width + _BLOCK_SIDE)
    is_progressive = "progressive" in opened.image.info
    if _count_scans(opened.data) == 1 and not is_progressive:
        return DecoderCost(loading=rows)
    blocks = (opened.width + _BLOCK_SIDE) * (opened.height + _BLOCK_SIDE)
    return DecoderCost(loading=rows + 2 * samples * blocks)


def _count_scans(data: bytes) -> int:
    """Return the number of scans, by their markers: 0xFF 0xDA never occurs within a scan's data.

    NumPy counts them in a photograph of 500 kB about ten times as fast as `bytes.count`.
    """
    scans = _count_markers(data)
    if scans > 1:  # A thumbnail in a segment has scans of its own.
        scans = _count_markers(data[scans_start(data) :])
    if scans > MAX_SCANS:
        raise ImageTooLargeError(
            f"the JPEG has {scans:,} scans; at most {MAX_SCANS} are taken; save it as baseline"
        )
    return scans


def _count_markers(data: bytes) -> int:
    if len(data) < _SMALL_FILE:
        return data.count(_SCAN)
    view = np.frombuffer(data, dtype=np.uint8)
    return int(np.count_nonzero((view[:-1] == _SCAN[0]) & (view[1:] == _SCAN[1])))


def _png(opened: Opened) -> DecoderCost:
    """Two rows as they are packed: up to 8 bytes a pixel."""
    bits, colour = opened.data[24], opened.data[25]
    samples = {2: 3, 4: 2, 6: 4}.get(colour, 1)
    row = 1 + (opened.width * bits * samples + 7) // 8
    # An animation's disposal may fill a canvas.
    held = 4 * opened.width * opened.height if getattr(opened.image, "is_animated", False) else 0
    return DecoderCost(held=held, loading=2 * row)


def _webp(opened: Opened) -> DecoderCost:
    """Two canvases of libwebp's animation decoder, the frame as bytes, and the lossless codes."""
    pixels = opened.width * opened.height
    tables = code_tables_bytes(opened.data, opened.width, opened.height)
    return DecoderCost(held=8 * pixels, loading=4 * pixels + tables)


def _gif(opened: Opened) -> DecoderCost:
    """The canvas that a frame leaves behind."""
    pixels = opened.width * opened.height
    return DecoderCost(held=pixels, loading=0)


def _tiff(opened: Opened) -> DecoderCost:
    """A strip or tile as it is unpacked, what its codec holds, and the canvas turned by EXIF."""
    tags = getattr(opened.image, "tag_v2", {})
    width, rows = opened.width, tags.get(_ROWS_PER_STRIP, opened.height)
    if _TILE_WIDTH in tags or _STRIPS not in tags:
        width, rows = tags.get(_TILE_WIDTH, 0), tags.get(_TILE_LENGTH, 0)
        _check_tile(width, rows, opened.max_pixels)
    else:
        rows = min(rows, opened.height) if isinstance(rows, int) and rows > 0 else opened.height
    samples = max(1, tags.get(_SAMPLES, 1))
    bits = max(tags.get(_BITS, (1,)))
    strip = width * rows * samples * max(8, bits) // 8
    compression = opened.image.info.get("compression", "")
    codec = strip * _CODEC_STRIPS.get(compression, 0)
    if compression == "webp":
        codec += unknown_tables_bytes(len(opened.data), width, rows)
    if tags.get(_PHOTOMETRIC) == _YCBCR:  # Converted to RGBA strip by strip.
        codec, strip = codec + strip, 4 * width * rows
    per_pixel = _BYTES.get(opened.image.mode, 4)
    turned = _canvas(opened.height, opened.width, per_pixel) if _ORIENTATION in tags else 0
    return DecoderCost(loading=strip + max(codec, turned))


_CODEC_STRIPS = {"jpeg": 2, "tiff_jpeg": 2, "lzma": 1, "zstd": 1, "webp": 3}
"""Memory of a TIFF's codec, in sizes of a strip: coefficients, or a window of what is unpacked."""


def _check_tile(width: object, length: object, max_pixels: int) -> None:
    if not (isinstance(width, int) and isinstance(length, int)):
        raise ImageTooLargeError("the TIFF's tiles have no size; save it without tiles")
    if width * length > max_pixels:
        raise ImageTooLargeError(
            f"the TIFF's tiles have {width} x {length} pixels; "
            f"at most {max_pixels:,} are taken; save it without tiles"
        )


def _by_python(opened: Opened) -> DecoderCost:
    """The pixels as two byte strings, where a decoder is written in Python."""
    per_pixel = max(3, _BYTES.get(opened.image.mode, 4))
    pixels = opened.width * opened.height
    return DecoderCost(loading=2 * pixels * (1 if opened.image.mode in "LP1" else per_pixel))


def _bmp(opened: Opened) -> DecoderCost:
    is_run_length = opened.image.info.get("compression") in _RUN_LENGTH
    if is_run_length and len(opened.data) > MAX_RUN_LENGTH_BYTES:
        raise ImageTooLargeError(
            f"the BMP is run-length encoded, of which at most {MAX_RUN_LENGTH_BYTES:,} bytes are "
            "taken; save it as PNG"
        )
    return _by_python(opened)


def _heif(opened: Opened) -> DecoderCost:
    """Planes of 4:4:4 and alpha as they are coded, in RGB, and as bytes; all of them at once."""
    pixels = opened.width * opened.height
    is_deep = opened.image.info.get("bit_depth", 8) > 8  # noqa: PLR2004
    return DecoderCost(loading=pixels * (18 if is_deep else 10))


_DECODERS: Mapping[str, Callable[[Opened], DecoderCost]] = {
    "JPEG": _jpeg,
    "MPO": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "GIF": _gif,
    "TIFF": _tiff,
    "BMP": _bmp,
    "PPM": _by_python,
    "HEIF": _heif,
}
"""By Pillow's name of the format."""


def raise_if_of_system(error: Exception) -> None:
    """Raise an error of a decoder again if the operating system failed, and not the image.

    Pillow's own errors are of the same class, `OSError`, but have no error number.
    """
    if isinstance(error, OSError) and error.errno is not None:
        raise error
