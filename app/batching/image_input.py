"""From the image files of a request to the tensor that a graph takes."""

from __future__ import annotations

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

    `name` is what an error calls it: `image1`, or `image[3]` for the fourth of several.
    """

    name: str
    data: bytes


def _always() -> bool:
    return True


def to_tensor(
    files: Sequence[ImageFile],
    spec: InputSpec,
    limits: ImageLimits,
    wanted: Callable[[], bool] = _always,
) -> NDArray[np.uint8]:
    """Decode and fit images, one after the other, so that one canvas at a time is in memory.

    Args:
        files: The images.
        spec: What the graph takes.
        limits: The most that one of them may ask of us.
        wanted: Whether somebody still waits; asked before each image, which may take a second.

    Returns:
        uint8, shape (len(files), height, width, channels).

    Raises:
        ImageError: The subclass that says what is wrong; its message begins with the file's name.
        ClientGoneError: Nobody waits any more.
    """
    tensor = np.empty((len(files), spec.height, spec.width, spec.channels), dtype=np.uint8)
    for row, file in enumerate(files):
        if not wanted():
            raise ClientGoneError("nobody waits for this answer any more")
        try:
            tensor[row] = preprocess(file.data, spec, limits)
        except ImageError as error:
            raise type(error)(f"{file.name}: {error}") from error
    return tensor
