"""Conversion of a request's image files to the input tensor of a graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.errors import ClientGoneError
from model.errors import ImageError
from model.manifest import InputSpec
from model.preprocessing import ImageLimits, preprocess


@dataclass(frozen=True)
class ImageFile:
    """One image as it was sent.

    Attributes:
        name: Its name in error messages: `image1`, or `image[3]` for the fourth of several.
        data: The file's bytes.
    """

    name: str
    data: bytes


def _never() -> bool:
    return False


def to_tensor(
    files: Sequence[ImageFile],
    spec: InputSpec,
    limits: ImageLimits,
    is_cancelled: Callable[[], bool] = _never,
) -> NDArray[np.uint8]:
    """Decode and fit images one after the other, so that memory holds one canvas at a time.

    Args:
        files: The images.
        spec: The input of the graph.
        limits: The limits of one image's size.
        is_cancelled: Whether the job is cancelled; called before each image, since decoding one may
            take a second.

    Returns:
        uint8, shape (len(files), height, width, channels).

    Raises:
        ImageError: An image cannot be used; the message begins with the file's name.
        ClientGoneError: The job is cancelled.
    """
    tensor = np.empty((len(files), spec.height, spec.width, spec.channels), dtype=np.uint8)
    for row, file in enumerate(files):
        if is_cancelled():
            raise ClientGoneError("the client no longer waits for this answer")
        try:
            tensor[row] = preprocess(file.data, spec, limits)
        except ImageError as error:
            raise type(error)(f"{file.name}: {error}") from error
    return tensor
