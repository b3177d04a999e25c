"""Preprocessing of an image file to the uint8 array that a bundle's graph takes.

This is the only implementation: training, evaluation and service all call `preprocess`, so they
cannot disagree. The order is fixed: limits → decode → EXIF orientation → colour → resize.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin
from PIL.PpmImagePlugin import PpmImageFile

from model.errors import BrokenImageError, ImageError, ImageTooLargeError
from model.image_files import heif
from model.image_files.decoding_cost import TURNING, Opened, decoding_cost, raise_if_of_system
from model.image_files.fitting import REDUCING_GAP, fit
from model.image_files.image_headers import ORIENTATION, check_header, check_pixels, directory
from model.image_files.netpbm import decode_netpbm
from model.image_files.opening import DECODING_FAILURES, open_file
from model.image_files.pixel_types import bands, check_pixel_type, eight_bit_grey
from model.manifest import InputSpec

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", *heif.FORMATS)
"""Pillow's names of the formats that are read. Of an animation, the first frame."""

# Our own limit is checked on the header, before any pixel is decoded; Pillow's is process-wide.
Image.MAX_IMAGE_PIXELS = None
# A text of PNG takes up to four times its bytes, and is unpacked when the file is opened.
PngImagePlugin.MAX_TEXT_MEMORY = 2_000_000

_LARGE_EXIF_BYTES = 70_000
"""More than a JPEG's segment holds."""
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


Hold = Callable[[int], AbstractContextManager[object]]
"""Holds a number of bytes of memory for decoding, until the end of a `with` block."""


def unlimited(cost: int) -> AbstractContextManager[object]:
    """Hold any number of bytes."""
    del cost
    return nullcontext()


@dataclass(frozen=True)
class ImageLimits:
    """Limits of one image.

    Attributes:
        max_bytes: Maximum size of its file.
        max_pixels: Maximum number of pixels of its canvas.
        hold: Called with the bytes that its decoding takes; may wait, and raises
            `ImageTooLargeError` where there are never as many.
    """

    max_bytes: int = 10_000_000
    max_pixels: int = 50_000_000
    hold: Hold = unlimited

    def __post_init__(self) -> None:
        if self.max_bytes < 1 or self.max_pixels < 1:
            raise ValueError("image limits must be positive")


DEFAULT_LIMITS = ImageLimits()


def preprocess(
    data: bytes, spec: InputSpec, limits: ImageLimits = DEFAULT_LIMITS
) -> NDArray[np.uint8]:
    """Turn an image file into the graph's input.

    Args:
        data: The file's bytes; what they are is read from them, never from a name or a header.
        spec: The bundle's input.
        limits: Checked before any pixel is decoded.

    Returns:
        uint8, shape (height, width, channels), contiguous.

    Raises:
        ImageTooLargeError: More bytes or pixels than `limits` allow, or than there is memory for.
        UnsupportedImageError: Not one of `FORMATS`, or a pixel type without a known range.
        BrokenImageError: One of `FORMATS`, but damaged or cut short.
        OSError: The operating system failed, not the image.
    """
    image = open_image(data, limits)
    cost = _prepare(image, data, spec, limits)
    failure: ImageError
    with limits.hold(cost):
        try:
            return _fitted(image, data, spec)
        except (*DECODING_FAILURES, MemoryError) as error:
            failure = _failure(image, error)
        except ImageError as error:
            failure = error.with_traceback(None)
        del image
    # Raised here, with neither cause nor traceback: their frames would keep the canvas alive.
    raise failure


def upright_image(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Image.Image:
    """Decode an image at its own size, with the same reading of its pixels as `preprocess`.

    Nothing is held of the memory that it takes.

    Returns:
        Mode "L" for greyscale without alpha, otherwise "RGB"; upright by the EXIF orientation.

    Raises:
        ImageTooLargeError: As `preprocess`.
        UnsupportedImageError: As `preprocess`.
        BrokenImageError: As `preprocess`.
    """
    image = open_image(data, limits)
    is_grey = image.mode in {"1", "L"} or image.mode.startswith("I")
    try:
        return _upright_pixels(image, data, 1 if is_grey else 3)
    except (*DECODING_FAILURES, MemoryError) as error:
        raise _failure(image, error) from error


def _failure(image: Image.Image, error: Exception) -> ImageError:
    """Translate what Pillow raises while it decodes, unless the system failed."""
    raise_if_of_system(error)
    if isinstance(error, MemoryError):
        return ImageTooLargeError(
            f"there is no memory to decode the {image.format} image; send a smaller one"
        )
    return BrokenImageError(
        f"the {image.format} image is damaged or cut short ({error}); send the whole file"
    )


def open_image(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Image.Image:
    """Read an image's header and check it against the limits; no pixel is decoded.

    Raises:
        ImageTooLargeError: More bytes or pixels than `limits` allow, or a decoding that would cost
            far more than its pixels.
        UnsupportedImageError: Not one of `FORMATS`.
        BrokenImageError: The header itself is damaged.
    """
    if len(data) > limits.max_bytes:
        raise ImageTooLargeError(
            f"the image has {len(data):,} bytes; at most {limits.max_bytes:,} are taken"
        )
    check_header(data, limits.max_pixels)
    image = open_file(data, FORMATS)
    check_pixels(image.width, image.height, limits.max_pixels)
    check_pixel_type(image)
    return image


def _prepare(image: Image.Image, data: bytes, spec: InputSpec, limits: ImageLimits) -> int:
    """Choose the scale at which a JPEG is decoded; return the bytes that decoding takes.

    It is the smallest scale that still leaves the resize its work.
    """
    opened = Opened(image, data, image.width, image.height, limits.max_pixels)
    side = math.ceil(REDUCING_GAP * max(spec.width, spec.height) / spec.middle)
    try:
        image.draft("L" if spec.channels == 1 else "RGB", (side, side))
        return decoding_cost(opened, spec.channels)
    except DECODING_FAILURES as error:
        raise_if_of_system(error)
        raise BrokenImageError(f"the image's header is damaged ({error})") from error


def _fitted(image: Image.Image, data: bytes, spec: InputSpec) -> NDArray[np.uint8]:
    """Decode the first frame to the graph's input."""
    fitted = fit(_upright_pixels(image, data, spec.channels), spec)
    # Faster than `np.array(fitted)`; a bytearray makes an array that can be written to.
    pixels = np.frombuffer(bytearray(fitted.tobytes()), dtype=np.uint8)
    return pixels.reshape(spec.height, spec.width, spec.channels)


def _upright_pixels(image: Image.Image, data: bytes, channels: int) -> Image.Image:
    """Decode the first frame to 8-bit grey or RGB, and turn it."""
    decoded = _decode(image, data)
    orientation = _orientation(image)
    # Colour goes first: what is turned then has as few bytes a pixel as the result.
    flat = _flatten(decoded, channels)
    if flat is not decoded:
        decoded.close()  # The caller still has it; this frees its canvas.
    return _upright(flat, orientation)


def _decode(image: Image.Image, data: bytes) -> Image.Image:
    if isinstance(image, PpmImageFile):
        decoded = decode_netpbm(image, data)
        if decoded is not None:
            return decoded
    transparency = image.info.get("transparency")
    image.load()
    if image.format == "PNG" and transparency is None:
        # Behind the pixels a transparent colour has no meaning, yet Pillow takes it.
        image.info.pop("transparency", None)
    return image


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    transposition = _UPRIGHT.get(orientation)
    return image if transposition is None else image.transpose(transposition)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; upright where the EXIF block is damaged."""
    if image.format == "JPEG" and TURNING.isdisjoint(image.info):
        return 1  # Most pictures are scaled copies without EXIF, and `getexif` takes 7 µs.
    block = image.info.get("exif", b"")
    if len(block) > _LARGE_EXIF_BYTES and _has_many_orientations(block):
        return 1
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DECODING_FAILURES:
        return 1


def _has_many_orientations(block: bytes) -> bool:
    """Return whether an EXIF block has a list in the orientation's place, of any length."""
    fields = directory(block.removeprefix(b"Exif\0\0"))
    return any(field.tag == ORIENTATION and field.count > 1 for field in fields)


def _flatten(image: Image.Image, channels: int) -> Image.Image:
    """Make 8-bit grey or RGB: alpha over white, 16 bits scaled, palette and CMYK resolved."""
    if image.mode.startswith("I"):
        image = eight_bit_grey(image)
    wanted = "L" if channels == 1 else "RGB"
    if image.has_transparency_data:
        return _over_white(image, wanted)
    return image if image.mode == wanted else image.convert(wanted)


def _over_white(image: Image.Image, wanted: str) -> Image.Image:
    """Lay an image over white; the result has the wanted mode."""
    canvas = Image.new(wanted, image.size)
    for left, top, band in bands(image):
        # Pillow converts premultiplied grey to no other mode.
        layer = (band.convert("LA") if band.mode == "La" else band).convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        opaque = Image.alpha_composite(white, layer).convert("RGB")
        canvas.paste(opaque if wanted == "RGB" else opaque.convert(wanted), (left, top))
    return canvas
