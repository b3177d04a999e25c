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

from model.errors import BrokenImageError, ImageError, ImageTooLargeError
from model.image_files import heif
from model.image_files.decoding_cost import Opened, decoding_cost, raise_if_of_system
from model.image_files.fitting import REDUCING_GAP, fit
from model.image_files.image_headers import check_header, check_pixels
from model.image_files.opening import DECODING_FAILURES, open_file
from model.image_files.pixel_types import check_pixel_type
from model.image_files.upright import upright_pixels
from model.locating.cutting import cut_input
from model.locating.locator import Aim, Found, Locator, Pick
from model.manifest import InputSpec

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", *heif.FORMATS)
"""Pillow's names of the formats that are read. Of an animation, the first frame."""

# Our own limit is checked on the header, before any pixel is decoded; Pillow's is process-wide.
Image.MAX_IMAGE_PIXELS = None
# A text of PNG takes up to four times its bytes, and is unpacked when the file is opened.
PngImagePlugin.MAX_TEXT_MEMORY = 2_000_000

_COLOURS = 3
"""Channels of a picture in which something is located."""


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
    side = math.ceil(REDUCING_GAP * max(spec.width, spec.height) / spec.middle)
    cost = _prepare(image, data, spec.channels, side, limits)
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


def preprocess_located(
    data: bytes,
    spec: InputSpec,
    locator: Locator,
    aim: Aim = Pick.ONLY,
    limits: ImageLimits = DEFAULT_LIMITS,
) -> tuple[NDArray[np.uint8], Found]:
    """Turn a picture into the graph's input: the crop around what is located in it.

    Args:
        data: As `preprocess`.
        spec: As `preprocess`.
        locator: The bundle's.
        aim: Landmarks are in pixels of the upright picture.
        limits: As `preprocess`. The locator runs while the memory of the picture is held.

    Returns:
        The input, uint8, shape (height, width, channels), and what it shows, in pixels of the
        upright picture.

    Raises:
        NothingLocatedError: Nothing is located.
        SeveralLocatedError: Several things are, and `aim` is `only`.
        LandmarksError: Landmarks that do not fit the picture or the template.
        ImageError: As `preprocess`; and OSError.
    """
    image = open_image(data, limits)
    full = image.size
    side = locator.spec.decoded_side
    searching = locator.spec.searching_bytes(max(spec.width, spec.height))
    cost = _prepare(image, data, _COLOURS, side, limits) + searching
    before = image.size
    scale = full[0] / before[0], full[1] / before[1]
    with limits.hold(cost):
        picture = _decoded(image, data)
        result: tuple[NDArray[np.uint8], Found] | ImageError
        if isinstance(picture, ImageError):
            result = picture
        else:
            turned = scale[::-1] if picture.size != before else scale
            result = _located(picture, spec, locator, aim, turned)
        del image, picture
    if isinstance(result, ImageError):
        raise result
    return result


def _decoded(image: Image.Image, data: bytes) -> Image.Image | ImageError:
    """Decode in colour, or return the reason: an error that is raised would keep the canvas."""
    try:
        return upright_pixels(image, data, _COLOURS)
    except (*DECODING_FAILURES, MemoryError) as error:
        return _failure(image, error)
    except ImageError as error:
        return error.with_traceback(None)


def _located(
    picture: Image.Image, spec: InputSpec, locator: Locator, aim: Aim, scale: tuple[float, float]
) -> tuple[NDArray[np.uint8], Found] | ImageError:
    """Locate in a picture that was decoded at 1 / `scale` of its size, and cut."""
    if not isinstance(aim, Pick):
        aim = tuple((x / scale[0], y / scale[1]) for x, y in aim)
    try:
        found = locator.find(picture, aim)
    except ImageError as error:
        return error.with_traceback(None)
    crop = cut_input(picture, found.located, spec, locator.spec)
    wanted = crop if spec.channels == _COLOURS else crop.convert("L")
    return _array(wanted, spec), found.scaled(*scale)


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
        return upright_pixels(image, data, 1 if is_grey else 3)
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


def _prepare(image: Image.Image, data: bytes, channels: int, side: int, limits: ImageLimits) -> int:
    """Choose the scale at which a JPEG is decoded; return the bytes that decoding takes.

    It is the smallest scale that leaves both of its sides at least `side` pixels.
    """
    opened = Opened(image, data, image.width, image.height, limits.max_pixels)
    try:
        image.draft("L" if channels == 1 else "RGB", (side, side))
        return decoding_cost(opened, channels)
    except DECODING_FAILURES as error:
        raise_if_of_system(error)
        raise BrokenImageError(f"the image's header is damaged ({error})") from error


def _fitted(image: Image.Image, data: bytes, spec: InputSpec) -> NDArray[np.uint8]:
    """Decode the first frame to the graph's input."""
    return _array(fit(upright_pixels(image, data, spec.channels), spec), spec)


def _array(fitted: Image.Image, spec: InputSpec) -> NDArray[np.uint8]:
    # Faster than `np.array(fitted)`; a bytearray makes an array that can be written to.
    pixels = np.frombuffer(bytearray(fitted.tobytes()), dtype=np.uint8)
    return pixels.reshape(spec.height, spec.width, spec.channels)
