"""Samples of PBM, PGM and PPM files that Pillow decodes in a Python loop.

Those are the plain variants (P1 to P3), and the raw ones (P5, P6) whose greatest value is neither
255 nor 65,535. Pillow's loop takes a microsecond a sample, and with comments between the samples it
takes time that grows with the square of the file: 130 s for 10 MB.
"""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from model.image_files.decoding_cost import BAND_PIXELS

_COMMENT = re.compile(rb"#[^\r\n]*")
_OTHER = {True: re.compile(rb"[^01\s]"), False: re.compile(rb"[^\d\s]")}
_LONG_NUMBER = re.compile(rb"\d{11}")
_WHITESPACE = b" \t\n\v\f\r"
_PIECE = 1_000_000
_BYTE, _FULL = 255, 65535

Samples = NDArray[np.unsignedinteger[Any]]


def decode_netpbm(image: ImageFile.ImageFile, data: bytes) -> Image.Image | None:
    """Decode a PBM, PGM or PPM file that Pillow would decode in a Python loop.

    Args:
        image: Opened, not decoded.
        data: The file's bytes.

    Returns:
        Mode "L", "RGB" or "I;16", with the greatest value as white; None where Pillow decodes the
        file well.

    Raises:
        ValueError: Samples are missing, or above the greatest value.
    """
    codec, _, offset, args = image.tile[0]
    if codec not in {"ppm", "ppm_plain"}:
        return None
    bands = len(image.getbands())
    count = image.width * image.height * bands
    if image.mode == "1":
        return _shaped(image, _plain_bits(data[offset:], count))
    highest = int(args[1])  # type: ignore[index]
    samples: Samples
    if codec == "ppm":
        kind = "u1" if highest <= _BYTE else ">u2"
        samples = np.frombuffer(data, dtype=kind, count=count, offset=offset)
    else:
        samples = _plain_samples(data[offset:], count, highest)
    return _shaped(image, _scaled(samples, highest, deep=image.mode == "I"))


def _shaped(image: Image.Image, samples: Samples) -> Image.Image:
    shape = (image.height, image.width, 3) if image.mode == "RGB" else (image.height, image.width)
    return Image.fromarray(samples.reshape(shape))


def _scaled(samples: Samples, highest: int, *, deep: bool) -> Samples:
    """Scale by a table, as Pillow rounds; 16 bits of grey stay as they are."""
    if deep and highest == _FULL:
        return samples.astype(np.uint16)
    share = np.arange(highest + 1) / highest
    # Pillow gives grey above a byte 16 bits, of which the upper 8 are used.
    scaled = np.rint(share * _FULL) // 257 if deep else np.rint(share * _BYTE)
    table = scaled.astype(np.uint8)
    levels = np.empty(len(samples), dtype=np.uint8)
    # In parts, since NumPy makes 8 bytes of every index.
    for start in range(0, len(samples), BAND_PIXELS):
        part = slice(start, start + BAND_PIXELS)
        levels[part] = table[np.minimum(samples[part], highest)]
    return levels


def _plain_bits(text: bytes, count: int) -> NDArray[np.uint8]:
    """Bits as characters, which need no space between them; 1 is black."""
    digits = _without_comments(text, bits=True).translate(None, _WHITESPACE)
    bits = np.frombuffer(digits, dtype=np.uint8, count=count)
    return np.where(bits == ord("0"), np.uint8(_BYTE), np.uint8(0))


def _plain_samples(text: bytes, count: int, highest: int) -> NDArray[np.uint16]:
    text = _without_comments(text, bits=False)
    if _LONG_NUMBER.search(text):
        raise ValueError("a number is too long")
    samples = np.empty(count, dtype=np.uint16)
    filled = 0
    for piece in _pieces(text):
        numbers = np.fromstring(piece, dtype=np.int64, sep=" ")[: count - filled]
        if numbers.max(initial=0) > highest:
            raise ValueError(f"a sample is above the greatest value, {highest}")
        samples[filled : filled + len(numbers)] = numbers
        filled += len(numbers)
    if filled < count:
        raise ValueError("not enough image data")
    return samples


def _without_comments(text: bytes, *, bits: bool) -> bytes:
    """The text up to its first character that is part of no sample."""
    text = _COMMENT.sub(b" ", text)
    other = _OTHER[bits].search(text)
    return text if other is None else text[: other.start()]


def _pieces(text: bytes) -> Iterator[str]:
    """Yield pieces that end between two numbers, to bound the memory."""
    start = 0
    while start < len(text):
        end = start + _PIECE
        while text[end : end + 1].isdigit():
            end += 1
        piece = text[start:end].decode("ascii").strip()
        if piece:
            yield piece
        start = end
