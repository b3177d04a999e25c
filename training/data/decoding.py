"""Decoding of a whole image set into memory, as uint8."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from model.errors import ImageError
from model.locating.locator import Locator, Pick
from model.manifest import InputSpec
from model.preprocessing import ImageLimits, preprocess, preprocess_located, upright_image
from model.schema.locator import Acquisition
from training.data.image_set import MAX_FILE_BYTES, ImageSet, LabelledImage
from training.errors import DataError
from training.stages import SILENT, Stages

LIMITS = ImageLimits(max_bytes=MAX_FILE_BYTES, max_pixels=200_000_000)
"""Limits of one image of a data set."""

_LISTED = 5
_log = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True)
class DecodedImages:
    """An image set with its pixels: uint8, shape (images, height, width, channels)."""

    source: ImageSet
    pixels: NDArray[np.uint8]


def decode(
    images: ImageSet,
    spec: InputSpec,
    locator: Locator | None = None,
    aim: Pick = Pick.ONLY,
    stages: Stages = SILENT,
) -> DecodedImages:
    """Decode every image; unreadable ones are left out and logged.

    With a locator the pixels are those of the crop around what is located, and images in which
    nothing is, or several things are (unless `aim` chooses one), are left out as well.

    Raises:
        DataError: No image could be read.
    """

    def read(image: LabelledImage) -> tuple[LabelledImage, NDArray[np.uint8]]:
        if locator is None:
            return image, preprocess(image.read(), spec, LIMITS)
        return image, preprocess_located(image.read(), spec, locator, aim, LIMITS)[0]

    good, failures = map_readable(images, read, stages)
    if failures:
        listed = "; ".join(failures[:_LISTED])
        _log.warning("%d of %d images left out: %s", len(failures), len(images), listed)
    if not good:
        raise DataError(f"{images.name}: none of {len(images)} images can be read: {failures[0]}")
    readable, pixels = zip(*good, strict=True)
    lost = set(images.identities) - {image.identity for image in readable}
    if lost:
        _log.warning("%d identities are left out, such as %s", len(lost), min(lost))
    return DecodedImages(replace(images, images=readable), np.stack(pixels))


def map_readable(
    images: ImageSet, function: Callable[[LabelledImage], Result], stages: Stages = SILENT
) -> tuple[list[Result], list[str]]:
    """Apply a function to every image, in threads.

    Returns:
        The results, in the order of the images, and the reasons why other images cannot be read.
    """

    def attempt(image: LabelledImage) -> Result | str:
        try:
            return function(image)
        except (ImageError, DataError, OSError) as error:
            return f"{image.name}: {error}"

    found = []
    with ThreadPoolExecutor() as pool:
        for result in pool.map(attempt, images):
            found.append(result)
            stages.count("read", 1)
    results = [result for result in found if not isinstance(result, str)]
    return results, [failure for failure in found if isinstance(failure, str)]


def acquisition(images: ImageSet, locator: Locator, stages: Stages = SILENT) -> Acquisition:
    """Count the images of a set in which not exactly one thing is located.

    Raises:
        DataError: No image could be read.
    """

    def count(image: LabelledImage) -> int:
        return len(locator.locate(upright_image(image.read(), LIMITS)))

    counts, failures = map_readable(images, count, stages)
    if not counts:
        raise DataError(f"{images.name}: none of {len(images)} images can be read: {failures[0]}")
    several = sum(each > 1 for each in counts)
    return Acquisition(images=len(counts), nothing=counts.count(0), several=several)


def canvas_of(spec: InputSpec, scale: float) -> InputSpec:
    """Enlarge an input to the canvas that a zooming augmentation draws from.

    If the input is the middle of an image, the canvas shows more around it, by the same factor.
    """
    width, height = round(spec.width * scale), round(spec.height * scale)
    middle = min(1.0, spec.middle * scale)
    return spec.model_copy(update={"width": width, "height": height, "middle": middle})
