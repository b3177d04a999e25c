"""Numbers that describe how an image looks: light, colour, contrast and sharpness by region.

They say little of what the image shows. The domain check compares them with those of the
calibration images.
"""

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.manifest import InputSpec
from model.schema.domain import PIXEL_FEATURES

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.float32]

_GRID: Final = 6
_SHARPNESS_GRID: Final = 3
_MAX_ROWS: Final = 36
"""Rows that are read, evenly spaced: all numbers are means, which a sample of the rows gives."""
_GREY: Final = np.array([1.0], dtype=np.float32)[:, np.newaxis]
_COLOUR: Final = np.array(
    [[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]], dtype=np.float32
).T
"""RGB to luminance, blue and red difference (ITU-T T.871)."""
_FLOOR: Final = 0.5
"""Added before a logarithm, in grey levels: the rounding of pixels."""


class PixelStatistics:
    """Statistics of the pixels of images of one shape."""

    def __init__(self, spec: InputSpec) -> None:
        self._channels = spec.channels
        count = min(_MAX_ROWS, spec.height - 1)
        self._rows = np.linspace(0, spec.height - 2, count).round().astype(np.intp)
        self._transform = _GREY if spec.channels == 1 else _COLOUR
        self._down = _means(count, _GRID).T
        self._across = _means(spec.width, _GRID)
        self._down_sharp = _means(count, _SHARPNESS_GRID).T
        self._across_sharp = _means(spec.width - 2, _SHARPNESS_GRID)

    def __call__(self, images: Pixels) -> Numbers:
        """Compute the statistics of images, uint8 (n, h, w, c): float32, (n, features)."""
        numbers = np.empty((len(images), PIXEL_FEATURES[self._channels]), dtype=np.float32)
        for row, image in zip(numbers, images, strict=True):
            self._describe(image, row)
        return numbers

    def _describe(self, image: Pixels, out: Numbers) -> None:
        rows, below = image[self._rows], image[self._rows + 1]
        planes = rows.astype(np.float32) @ self._transform
        light = planes[..., 0]
        under = below.astype(np.float32) @ self._transform[:, 0]
        blocks = self._down @ light @ self._across
        across = light[:, 1:] - light[:, :-1]
        steps = (across[:, :-1], (under - light)[:, 1:-1], across[:, 1:] - across[:, :-1])
        parts = [blocks.ravel(), *map(self._log_size, steps)]
        if self._channels > 1:
            parts.append(_colour(planes[..., 1:]))
        np.concatenate(parts, out=out)

    def _log_size(self, steps: Numbers) -> Numbers:
        """Logarithm of the mean size of some differences of pixels, by region."""
        sizes: Numbers = self._down_sharp @ np.abs(steps) @ self._across_sharp
        logarithms: Numbers = np.log(sizes + _FLOOR).ravel()
        return logarithms


def _colour(planes: Numbers) -> Numbers:
    """Mean of both colour differences, and the logarithm of their mean size."""
    means = planes.mean(axis=(0, 1))
    return np.append(means, np.log(np.abs(planes).mean() + _FLOOR)).astype(np.float32)


def _means(size: int, parts: int) -> Numbers:
    """Return a matrix, (size, parts), that takes the mean of each of some parts of an axis."""
    matrix = np.zeros((size, parts), dtype=np.float32)
    edges = np.linspace(0, size, parts + 1).round().astype(int)
    for part, (begin, end) in enumerate(pairwise(edges.tolist())):
        # A side of fewer pixels than parts has some pixel in several parts.
        begin = min(begin, size - 1)  # noqa: PLW2901
        matrix[begin : max(end, begin + 1), part] = 1 / max(end - begin, 1)
    return matrix
