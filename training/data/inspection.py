"""Every image of a data set looked at once: is it whole, how large, and what does it show?"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.errors import ImageError
from model.manifest import Aspect, InputSpec
from model.preprocessing import open_image, preprocess
from training.data.decoding import LIMITS
from training.data.image_set import ImageSet, LabelledImage
from training.errors import DataError

THUMBNAIL = InputSpec(width=18, height=16, channels=1, aspect=Aspect.STRETCH)
"""What an image is compared by; even sides, which the perceptual hash halves."""


@dataclass(frozen=True)
class InspectedImage:
    """A readable image.

    Attributes:
        name: Within the data set.
        identity: Whose it is.
        sha256: Of the file's bytes.
        width: In pixels, as stored: before an EXIF orientation turns it.
        height: Likewise.
        mode: Pillow's name of its colours, such as `RGB` or `L`.
        thumbnail: uint8, (16, 18): what is left of it at that size, in grey.
    """

    name: str
    identity: str
    sha256: str
    width: int
    height: int
    mode: str
    thumbnail: NDArray[np.uint8] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Inspection:
    """The readable images in the order of their names, and why each other one cannot be read."""

    readable: tuple[InspectedImage, ...]
    broken: tuple[str, ...]


def inspect(images: ImageSet) -> Inspection:
    """Look at every image, by the same preprocessing and limits as training."""
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(_inspect_one, images))
    return Inspection(
        readable=tuple(image for image in found if isinstance(image, InspectedImage)),
        broken=tuple(failure for failure in found if isinstance(failure, str)),
    )


def _inspect_one(image: LabelledImage) -> InspectedImage | str:
    try:
        data = image.read()
        header = open_image(data, LIMITS)
        thumbnail = preprocess(data, THUMBNAIL, LIMITS)[:, :, 0]
    except (ImageError, DataError, OSError) as error:
        return f"{image.name}: {error}"
    return InspectedImage(
        name=image.name,
        identity=image.identity,
        sha256=hashlib.sha256(data).hexdigest(),
        width=header.width,
        height=header.height,
        mode=header.mode,
        thumbnail=thumbnail,
    )
