"""Numbers that describe how an image looks: light, edges and sharpness by region.

They are of the luminance alone: colour is left to the network, whose error rates hold for grey
pictures where they were trained with. The domain check compares them with those of the calibration
images.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.manifest import InputSpec
from model.schema.domain import PIXEL_FEATURES

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.float32]

_SMALL: Final = 36
"""Side of the small image that light and edges are read from."""
_FINE: Final = 12
_COARSE: Final = 6
_SHARPNESS: Final = 3
"""Sides of the grids of regions."""
_BAND: Final = 3
"""Neighbouring rows that are read together: two differences, and a difference of them."""
_MAX_BANDS: Final = 16
"""Bands that are read, evenly spaced: all numbers are means, which a sample gives as well."""
_AT_A_TIME: Final = 8
"""Images whose numbers are computed together: they fit into a cache, and numpy's calls are few."""
_LUMINANCE: Final = {
    1: np.ones(1, dtype=np.float32),
    3: np.array([0.299, 0.587, 0.114], dtype=np.float32),
}
"""Weights of grey, and of red, green and blue (ITU-T T.871)."""
_DARKEST, _FLATTEST, _SMALLEST, _EVENEST = (np.float32(floor) for floor in (8, 1, 0.5, 0.05))
"""Added before a division or a logarithm: grey levels, but for the last one's, of logarithms."""
_SIZES: Final = 4 * _COARSE**2 + 4 * _SHARPNESS**2


class PixelStatistics:
    """Statistics of the pixels of images of one shape."""

    def __init__(self, spec: InputSpec) -> None:
        bands = min(spec.height // _BAND, _MAX_BANDS)
        first = np.linspace(0, spec.height - _BAND, bands).round().astype(np.intp)
        self._rows = (first[:, np.newaxis] + np.arange(_BAND)).ravel()
        self._weights = _LUMINANCE[spec.channels]
        self._small = (_means(len(self._rows), _SMALL).T.copy(), _means(spec.width, _SMALL))
        self._coarse = _Regions(_SMALL, _SMALL, _COARSE)
        self._edges = _Regions(_SMALL - 1, _SMALL - 1, _COARSE)
        self._slopes = _Regions(_SMALL - 1, _SMALL - 1, _FINE)
        self._sharpness = _Regions(bands, spec.width - 2, _SHARPNESS)

    def __call__(self, images: Pixels) -> Numbers:
        """Compute the statistics of images, uint8 (n, h, w, c): float32, (n, features)."""
        numbers = np.empty((len(images), PIXEL_FEATURES), dtype=np.float32)
        for start in range(0, len(images), _AT_A_TIME):
            part = slice(start, start + _AT_A_TIME)
            self._describe(images[part], numbers[part])
        return numbers

    def _describe(self, images: Pixels, out: Numbers) -> None:
        light = np.matmul(images[:, self._rows].astype(np.float32), self._weights)
        small = np.matmul(np.matmul(self._small[0], light), self._small[1])
        groups = [*self._light(small), *self._edge(small), *self._sharp(light)]
        np.concatenate(groups, axis=1, out=out)
        sizes = out[:, -_SIZES:]
        sizes += _SMALLEST
        np.log(sizes, out=sizes)

    def _light(self, small: Numbers) -> list[Numbers]:
        """Logarithms of the light of each region less their mean; the mean, and their spread."""
        light = np.log(self._coarse.means(small) + _DARKEST)
        mean = light.mean(axis=1, keepdims=True)
        light -= mean
        spread = np.sqrt((light * light).mean(axis=1, keepdims=True))
        return [light, mean, np.log(spread + _EVENEST)]

    def _edge(self, small: Numbers) -> list[Numbers]:
        """Slopes of each region relative to all, and the mean size of steps in four directions."""
        corner = small[:, :-1, :-1]
        steps = np.empty((4, *corner.shape), dtype=np.float32)
        across, down = steps[:2]
        np.subtract(small[:, :-1, 1:], corner, out=across)
        np.subtract(small[:, 1:, :-1], corner, out=down)
        squares = np.einsum("kij,kij->k", across, across) + np.einsum("kij,kij->k", down, down)
        size = np.sqrt(squares / np.float32(corner[0].size))[:, np.newaxis] + _FLATTEST
        slopes = [self._slopes.means(step) / size for step in (across, down)]
        np.add(across, down, out=steps[2])
        np.subtract(across, down, out=steps[3])
        return [*slopes, np.log(size), *self._edges.means(np.abs(steps, out=steps))]

    def _sharp(self, light: Numbers) -> list[Numbers]:
        """Mean size of the first and second differences of neighbouring pixels."""
        above, here, below = (light[:, start::_BAND, 1:-1] for start in range(_BAND))
        left, right = light[:, 1::_BAND, :-2], light[:, 1::_BAND, 2:]
        steps = np.empty((4, *here.shape), dtype=np.float32)
        for step, bend, before, after in ((0, 2, left, right), (1, 3, above, below)):
            np.subtract(here, before, out=steps[step])
            np.subtract(after, here, out=steps[bend])
            steps[bend] -= steps[step]
        return [*self._sharpness.means(np.abs(steps, out=steps))]


class _Regions:
    """Means over a square grid of regions of planes."""

    def __init__(self, height: int, width: int, side: int) -> None:
        self._down, self._across = _means(height, side).T.copy(), _means(width, side)

    def means(self, planes: Numbers) -> Numbers:
        """Mean of each region of planes, (..., height, width): (..., side²)."""
        means: Numbers = np.matmul(np.matmul(self._down, planes), self._across)
        return means.reshape(*planes.shape[:-2], -1)


def _means(size: int, parts: int) -> Numbers:
    """Return a matrix, (size, parts), that takes the mean of each of some equal parts of an axis.

    A pixel that lies in two parts counts in each by its share.
    """
    edges = np.linspace(0, size, parts + 1)
    pixels = np.arange(size)[:, np.newaxis]
    inside = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return np.asarray(np.maximum(inside, 0) * parts / size, dtype=np.float32)
