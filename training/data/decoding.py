"""Decoding of a whole image set into memory, as uint8."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.errors import ImageError
from model.manifest import InputSpec
from model.preprocessing import ImageLimits, preprocess
from training.data.image_set import MAX_FILE_BYTES, ImageSet, LabelledImage
from training.errors import DataError

LIMITS = ImageLimits(max_bytes=MAX_FILE_BYTES, max_pixels=200_000_000)
"""Limits of one image of a data set."""

_LISTED = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DecodedImages:
    """An image set with its pixels: uint8, shape (images, height, width, channels)."""

    source: ImageSet
    pixels: NDArray[np.uint8]


def decode(images: ImageSet, spec: InputSpec) -> DecodedImages:
    """Decode every image; unreadable ones are left out and logged.

    Raises:
        DataError: No image could be read.
    """
    with ThreadPoolExecutor() as pool:
        arrays = list(pool.map(lambda image: _decode_one(image, spec), images.images))
    good = [(i, a) for i, a in zip(images.images, arrays, strict=True) if not isinstance(a, str)]
    failures = [a for a in arrays if isinstance(a, str)]
    if failures:
        listed = "; ".join(failures[:_LISTED])
        _log.warning("%d of %d images left out: %s", len(failures), len(images), listed)
    if not good:
        raise DataError(f"{images.name}: none of {len(images)} images can be read: {failures[0]}")
    kept = replace(images, images=tuple(image for image, _ in good))
    return DecodedImages(kept, np.stack([array for _, array in good]))


def _decode_one(image: LabelledImage, spec: InputSpec) -> NDArray[np.uint8] | str:
    """Return the pixels, or the reason why the image cannot be read."""
    try:
        return preprocess(image.read(), spec, LIMITS)
    except (ImageError, DataError, OSError) as error:
        return f"{image.name}: {error}"


def canvas_of(spec: InputSpec, scale: float) -> InputSpec:
    """Enlarge an input to the canvas that a zooming augmentation draws from.

    If the input is the middle of an image, the canvas shows more around it, by the same factor.
    """
    return spec.model_copy(
        update={
            "width": round(spec.width * scale),
            "height": round(spec.height * scale),
            "middle": min(1.0, spec.middle * scale),
        }
    )
