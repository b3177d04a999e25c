"""Images in any supported form, as the files that are sent."""

from __future__ import annotations

import io
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from likewise_client.errors import UnusableImage

if TYPE_CHECKING:
    from _typeshed import SupportsRead
    from PIL.Image import Image

Picture: TypeAlias = "str | PathLike[str] | bytes | SupportsRead[bytes] | Image | NDArray[np.uint8]"
"""A path, the bytes of an image file, an open file, a PIL image, or pixels."""
Pictures: TypeAlias = "Picture | Sequence[Picture]"
"""One image, or a list of several images of one thing."""
_STACK_OF_GREY = 3
"""Dimensions of an array (n, height, width), a list of n grey images."""


class File(NamedTuple):
    """A file of a multipart body, in the form that httpx takes."""

    file_name: str
    payload: bytes


def to_file(image: Picture) -> File:
    """Return the file that is sent for an image.

    Args:
        image: As in `Calls.verify`; never a URL, because the service fetches nothing. PIL images
            and pixels are sent as PNG, which loses nothing.

    Raises:
        UnusableImage: The image is none of these, or cannot be read.
    """
    name, data = _bytes_of(image)
    if not data:
        raise UnusableImage(f"{name} is empty")
    return File(name, data)


def refuse_one_image(images: object) -> None:
    """Refuse one image where a list of images is taken.

    Iterating would send the letters of a path, the lines of a file or the rows of pixels.

    Raises:
        UnusableImage: It is one image, and not a list of images.
    """
    kinds = (str, PathLike, bytes, bytearray, memoryview)
    pixels = isinstance(images, np.ndarray) and (
        images.ndim < _STACK_OF_GREY
        or (images.ndim == _STACK_OF_GREY and images.shape[2] in {3, 4})
    )
    if isinstance(images, kinds) or pixels or hasattr(images, "read") or hasattr(images, "save"):
        raise UnusableImage(
            f"one image ({type(images).__name__}) where a list of images is taken; "
            "for one image write embed([image])"
        )


def _bytes_of(image: Any) -> tuple[str, bytes]:  # noqa: ANN401 (other types are refused below)
    if isinstance(image, bytes | bytearray | memoryview):
        return "the image", bytes(image)
    if isinstance(image, str | PathLike):
        return _read(Path(image))
    if isinstance(image, np.ndarray):
        return "pixels.png", _png(_from_pixels(image))
    if hasattr(image, "read"):
        return Path(str(getattr(image, "name", "the file"))).name, image.read()
    if hasattr(image, "save") and hasattr(image, "mode"):
        return "image.png", _png(image)
    raise UnusableImage(
        f"a {type(image).__name__} is no image; give a path, the bytes of an image file, an open "
        "file, a PIL image, or pixels as a NumPy array of uint8"
    )


def _read(path: Path) -> tuple[str, bytes]:
    if str(path).startswith(("http:/", "https:/", "data:")):
        raise UnusableImage(f"{path}: images are sent, never fetched; give a path or bytes")
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise UnusableImage(f"{path}: {error.strerror or error}") from error


def _from_pixels(pixels: NDArray[Any]) -> Image:
    fits = pixels.ndim in {2, 3} and pixels.shape[2:] in {(), (3,), (4,)}
    if pixels.dtype != np.uint8 or not fits or pixels.size == 0:
        raise UnusableImage(
            f"pixels of {pixels.dtype} {pixels.shape} cannot be sent; give uint8 from 0 to 255, of "
            "shape (height, width), (height, width, 3) or (height, width, 4)"
        )
    try:
        from PIL import Image  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise UnusableImage(
            "pixels are sent as PNG, which needs Pillow: pip install 'likewise-client[images]'"
        ) from error
    return Image.fromarray(np.ascontiguousarray(pixels))


def _png(image: Any) -> bytes:  # noqa: ANN401 (a PIL image)
    file = io.BytesIO()
    mode = image.mode if image.mode in {"1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"} else "RGB"
    (image if mode == image.mode else image.convert(mode)).save(file, "PNG")
    return file.getvalue()
