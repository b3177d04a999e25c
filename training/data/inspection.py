"""Inspection of every image of a data set: readability, size, digest and thumbnail."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.manifest import Aspect, InputSpec
from model.preprocessing import open_image, preprocess
from training.data.decoding import LIMITS, map_readable
from training.data.image_set import ImageSet, LabelledImage

THUMBNAIL = InputSpec(width=18, height=16, channels=1, aspect=Aspect.STRETCH)
"""Thumbnail that images are compared by; its sides are even, as the difference hash halves them."""


@dataclass(frozen=True)
class InspectedImage:
    """A readable image; width and height are as stored: before an EXIF orientation is applied."""

    name: str
    identity: str
    sha256: str
    """Digest of the file's bytes."""
    width: int
    height: int
    mode: str
    """Pillow's name of the colour mode, such as `RGB` or `L`."""
    thumbnail: NDArray[np.uint8] = field(repr=False, compare=False)
    """Grey, uint8, (16, 18)."""


def inspect(images: ImageSet) -> tuple[list[InspectedImage], list[str]]:
    """Inspect every image, with the preprocessing and limits of training.

    Returns:
        The readable images in the order of their names, and the error of each other one.
    """
    return map_readable(images, _inspect_one)


def _inspect_one(image: LabelledImage) -> InspectedImage:
    data = image.read()
    header = open_image(data, LIMITS)
    return InspectedImage(
        name=image.name,
        identity=image.identity,
        sha256=hashlib.sha256(data).hexdigest(),
        width=header.width,
        height=header.height,
        mode=header.mode,
        thumbnail=preprocess(data, THUMBNAIL, LIMITS)[:, :, 0],
    )
