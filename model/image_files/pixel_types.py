"""Pixel types: the bits, sign and polarity of an image's samples, as its file declares them.

Pillow opens several layouts without regard to them: 12-bit samples as if they were 16-bit, unsigned
as signed, white-is-zero as black-is-zero, and planes of 16 bits as planes of 8. Each is either
honoured or refused here, since pictures of different things could otherwise look the same.
"""

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from model.errors import UnsupportedImageError
from model.image_files.decoding_cost import BAND_PIXELS

LEAST_SPREAD = 4096
"""Least difference of the brightest from the darkest sample of 16 bits, unless they are equal.
Below it the samples are of fewer bits than the file declares, and hardly anything is visible."""

_REMEDY = "save it as greyscale or RGB with 8 or 16 unsigned bits a channel, as PNG or JPEG"
_BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 258, 259, 262, 266
_PLANAR, _EXTRA, _SAMPLE_FORMAT, _SUBSAMPLING = 284, 338, 339, 530
_RAW, _CCITT = 1, {2, 3, 4}
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_READ_COLOURS = {_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR}
_ALPHA = 2
_A_BYTE, _TWELVE_BITS, _DEEPEST = 8, 12, 16
_FULL = 65535
_SAMPLE_KINDS = {1: "unsigned", 2: "signed", 3: "floating point", 5: "complex", 6: "complex"}
_COLOURS = {
    None: "without a photometric interpretation",
    0: "greyscale with white as zero",
    1: "greyscale",
    2: "RGB",
    3: "palette",
    4: "mask",
    5: "CMYK",
    6: "YCbCr",
    8: "CIE Lab",
    9: "ICC Lab",
    10: "ITU Lab",
    32803: "the unprocessed samples of a camera",
    34892: "the linear samples of a camera",
}
_ALPHAS = {0: "an unspecified channel", 1: "premultiplied alpha", 2: "alpha"}


def check_pixel_type(image: ImageFile.ImageFile) -> None:
    """Refuse an image whose samples have no defined black and white, or are misread by Pillow.

    Also bring the transparent value of a PNG of 2 or 4 bits to the scale of its decoded samples.

    Args:
        image: Opened, not decoded.

    Raises:
        UnsupportedImageError: With the name of the pixel type.
    """
    match image.format:
        case "PNG":
            _settle_transparency(image)
        case "TIFF":
            check_tiff_layout(image.tag_v2)  # type: ignore[attr-defined]
        case "PPM" if image.mode not in {"1", "L", "I", "RGB"}:
            kind = "32-bit floating point" if image.mode == "F" else f"{image.mode} of Pillow's own"
            raise _unsupported(f"the PPM's pixels are {kind}")
        case "JPEG" | "MPO" if image.mode == "CMYK" and "adobe" not in image.info:
            raise _unsupported("the JPEG's pixels are CMYK, and it does not say if 0 is ink")


def _settle_transparency(image: ImageFile.ImageFile) -> None:
    key = image.info.get("transparency")
    if key is None or not image.tile:
        return
    layout = image.tile[0].args
    if layout == "RGB;16B":
        raise _unsupported("the PNG's pixels are 16-bit RGB with one transparent colour")
    if layout in {"L;2", "L;4"}:
        image.info["transparency"] = key * (255 // (2 ** int(layout[2:]) - 1))


def check_tiff_layout(tags: ImageFileDirectory_v2) -> None:
    """Refuse a TIFF whose tags declare samples that are not read as they are meant.

    Args:
        tags: Of the first frame.

    Raises:
        UnsupportedImageError: With the name of the pixel type.
    """
    if is_misread(tags):
        raise unsupported_tiff(tags)


def unsupported_tiff(tags: ImageFileDirectory_v2) -> UnsupportedImageError:
    """Return the error that names the layout of a TIFF's pixels."""
    return _unsupported(f"the TIFF's pixels are {_name(tags)}")


def is_misread(tags: ImageFileDirectory_v2) -> bool:
    """Return whether a TIFF's tags declare a layout that Pillow does not read as it is meant."""
    bits, formats = _numbers(tags, _BITS), _numbers(tags, _SAMPLE_FORMAT)
    photometric = tags.get(_PHOTOMETRIC)
    raw = tags.get(_COMPRESSION, _RAW) == _RAW
    return bool(
        photometric not in _READ_COLOURS
        or max(bits) > _DEEPEST
        or set(formats) != {1}
        or (tags.get(_PLANAR, 1) != 1 and _planes_are_misread(tags, raw=raw))
        or (tags.get(_FILL_ORDER, 1) != 1 and _bit_order_is_misread(tags, raw=raw))
        # Pillow reads these as if every pixel had its own chroma; without the tag it is 2 by 2.
        or (photometric == _YCBCR and raw and tags.get(_SUBSAMPLING, (2, 2)) != (1, 1))
    )


def _planes_are_misread(tags: ImageFileDirectory_v2, *, raw: bool) -> bool:
    """Pillow takes the first letters of a layout's name for those of its planes."""
    bits, extra = _numbers(tags, _BITS), _numbers(tags, _EXTRA, ())
    photometric = tags.get(_PHOTOMETRIC)
    if not raw:
        return photometric not in {_RGB, _CMYK, _YCBCR} and bool(set(extra) - {0})
    if len(bits) == 1:
        return bits != (_A_BYTE,) or photometric == _WHITE_IS_ZERO
    return (
        set(bits) != {_A_BYTE} or photometric not in {_RGB, _CMYK} or extra not in {(), (_ALPHA,)}
    )


def _bit_order_is_misread(tags: ImageFileDirectory_v2, *, raw: bool) -> bool:
    if not raw:
        return tags.get(_COMPRESSION) not in _CCITT
    return tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO and max(_numbers(tags, _BITS)) == _A_BYTE


def _numbers(
    tags: ImageFileDirectory_v2, tag: int, default: tuple[int, ...] = (1,)
) -> tuple[int, ...]:
    """The whole numbers of a tag, with its default where it has none."""
    value = tags.get(tag, default)
    values = value if isinstance(value, tuple) else (value,)
    return tuple(n for n in values if isinstance(n, int)) or default


def _name(tags: ImageFileDirectory_v2) -> str:
    bits = sorted(set(_numbers(tags, _BITS)))
    kind = _SAMPLE_KINDS.get(_numbers(tags, _SAMPLE_FORMAT)[0], "undefined")
    colours = _COLOURS.get(tags.get(_PHOTOMETRIC), "of an unknown kind of colour")
    notes = [
        *(f"with {_ALPHAS.get(n, 'a channel')}" for n in _numbers(tags, _EXTRA, ())),
        *(["big-endian"] if tags.prefix == b"MM" else []),
        *(["in separate planes"] if tags.get(_PLANAR, 1) != 1 else []),
        *(["with reversed bits"] if tags.get(_FILL_ORDER, 1) != 1 else []),
    ]
    depth = " and ".join(map(str, bits))
    return ", ".join([f"{depth}-bit {kind}, {colours}", *notes])


def _unsupported(what: str) -> UnsupportedImageError:
    return UnsupportedImageError(f"{what}, which is not read; {_REMEDY}")


def eight_bit_grey(image: Image.Image) -> Image.Image:
    """Scale greyscale of more than 8 bits to 8, black to 0 and white to 255.

    Args:
        image: Decoded, of a mode that begins with "I".

    Returns:
        Mode "L". The transparent value of a PNG, compared in all its bits, is white.

    Raises:
        UnsupportedImageError: The samples are of so few of the bits that nothing is visible.
    """
    tags: ImageFileDirectory_v2 | None = getattr(image, "tag_v2", None)
    twelve = tags is not None and max(_numbers(tags, _BITS)) == _TWELVE_BITS
    white_is_zero = tags is not None and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    highest = 2**_TWELVE_BITS - 1 if twelve else _FULL
    key = image.info.get("transparency")
    eight = np.empty((image.height, image.width), dtype=np.uint8)
    least, most = highest, 0
    for left, top, band in bands(image):
        samples = np.asarray(band)
        least, most = min(least, int(samples.min())), max(most, int(samples.max()))
        part = eight[top : top + band.height, left : left + band.width]
        part[...] = _scaled(samples, highest)
        if key is not None:
            part[samples == key] = 255
    if white_is_zero:
        np.subtract(255, eight, out=eight)
    _check_spread(least, most, highest)
    return Image.fromarray(eight)


def _scaled(samples: NDArray[np.integer], highest: int) -> NDArray[np.integer]:
    limited: NDArray[np.integer] = np.clip(samples, 0, highest)
    if highest == _FULL:
        return limited // 257
    return (limited.astype(np.uint32) * 255 + highest // 2) // highest


def _check_spread(least: int, most: int, highest: int) -> None:
    if highest == _FULL and 0 < most - least < LEAST_SPREAD:
        raise UnsupportedImageError(
            f"the image's samples are 16-bit greyscale, but all of them lie between {least:,} and "
            f"{most:,} of {highest:,}, so that hardly anything is visible; "
            "scale them to the whole range, or save them with 8 bits"
        )


def bands(image: Image.Image) -> Iterator[tuple[int, int, Image.Image]]:
    """Yield parts of an image, each with its left and top edge, to bound the memory."""
    columns = min(image.width, BAND_PIXELS)
    rows = max(1, BAND_PIXELS // columns)
    for top, left in itertools.product(
        range(0, image.height, rows), range(0, image.width, columns)
    ):
        right, bottom = min(left + columns, image.width), min(top + rows, image.height)
        yield left, top, image.crop((left, top, right, bottom))
