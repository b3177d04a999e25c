"""Conversion of a request's image files to the input tensor of a graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.errors import ClientGoneError
from model.errors import ImageError
from model.locating.locator import Aim, Found, Locator, Pick
from model.manifest import InputSpec
from model.preprocessing import ImageLimits, preprocess, preprocess_located


@dataclass(frozen=True)
class ImageFile:
    """One image as it was sent.

    Attributes:
        name: Its name in error messages: `image1`, or `image[3]` for the fourth of several.
        data: The file's bytes.
    """

    name: str
    data: bytes


@dataclass(frozen=True)
class Search:
    """The search in the images of a request, for a model with a locator.

    Attributes:
        locator: The model's.
        aims: How the thing in each image is chosen.
    """

    locator: Locator
    aims: tuple[Aim, ...]

    @classmethod
    def of(
        cls, locator: Locator | None, aims: tuple[Aim, ...] | None, images: int
    ) -> "Search | None":
        """Return the search in so many images; None for a model that compares whole images.

        Without aims there must be exactly one thing in each.
        """
        if locator is None:
            return None
        return cls(locator, (Pick.ONLY,) * images if aims is None else aims)


@dataclass(frozen=True)
class InputImages:
    """Images as a graph takes them.

    Attributes:
        pixels: uint8, shape (images, height, width, channels).
        located: For each image what it shows, in pixels of the image; None without a locator.
    """

    pixels: NDArray[np.uint8]
    located: tuple[Found, ...] | None


def _never() -> bool:
    return False


def to_input(
    files: Sequence[ImageFile],
    spec: InputSpec,
    search: Search | None,
    limits: ImageLimits,
    is_cancelled: Callable[[], bool] = _never,
) -> InputImages:
    """Decode and fit images one after the other, so that memory holds one canvas at a time.

    Args:
        files: The images.
        spec: The input of the graph.
        search: The search in the images; None to use them as they are.
        limits: The limits of one image's size.
        is_cancelled: Whether the job is cancelled; called before each image, since decoding one may
            take a second.

    Raises:
        ImageError: An image cannot be used, or its thing is not located; the message begins with
            the file's name.
        ClientGoneError: The job is cancelled.
    """
    pixels = np.empty((len(files), spec.height, spec.width, spec.channels), dtype=np.uint8)
    located: list[Found] = []
    for row, file in enumerate(files):
        if is_cancelled():
            raise ClientGoneError("the client no longer waits for this answer")
        try:
            if search is None:
                pixels[row] = preprocess(file.data, spec, limits)
            else:
                pixels[row], found = preprocess_located(
                    file.data, spec, search.locator, search.aims[row], limits
                )
                located.append(found)
        except ImageError as error:
            raise type(error)(f"{file.name}: {error}") from error
    return InputImages(pixels, None if search is None else tuple(located))
