"""Inspection of every image of a data set: readability, size, digest and thumbnail."""

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
"""Thumbnail that images are compared by; its sides are even, as the difference hash halves them."""


@dataclass(frozen=True)
class InspectedImage:
    """A readable image.

    Attributes:
        name: Name within the data set.
        identity: Identity of the image.
        sha256: Digest of the file's bytes.
        width: Width in pixels, as stored: before an EXIF orientation is applied.
        height: Height in pixels, likewise.
        mode: Pillow's name of the colour mode, such as `RGB` or `L`.
        thumbnail: Grey thumbnail, uint8, (16, 18).
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
    """Readable images in the order of their names, and the error of each other one."""

    readable: tuple[InspectedImage, ...]
    broken: tuple[str, ...]


def inspect(images: ImageSet) -> Inspection:
    """Inspect every image, with the preprocessing and limits of training."""
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
