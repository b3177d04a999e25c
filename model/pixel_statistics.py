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
_MAX_BANDS: Final = 24
"""Bands that are read, evenly spaced: all numbers are means, which a sample gives as well."""
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
        for row, image in zip(numbers, images, strict=True):
            light = image[self._rows].astype(np.float32) @ self._weights
            small = self._small[0] @ light @ self._small[1]
            np.concatenate([*self._light(small), *self._edge(small), *self._sharp(light)], out=row)
        sizes = numbers[:, -_SIZES:]
        sizes += _SMALLEST
        np.log(sizes, out=sizes)
        return numbers

    def _light(self, small: Numbers) -> tuple[Numbers, Numbers]:
        """Logarithms of the light of each region less their mean; the mean, and their spread."""
        light = np.log(self._coarse.means(small) + _DARKEST)
        mean = light.mean()
        light -= mean
        spread = np.sqrt(np.dot(light, light) / np.float32(light.size))
        return light, np.array([mean, np.log(spread + _EVENEST)], dtype=np.float32)

    def _edge(self, small: Numbers) -> list[Numbers]:
        """Slopes of each region relative to all, and the mean size of steps in four directions."""
        corner = small[:-1, :-1]
        across, down = small[:-1, 1:] - corner, small[1:, :-1] - corner
        squares = np.vdot(across, across) + np.vdot(down, down)
        size = float(np.sqrt(squares / across.size)) + float(_FLATTEST)
        slopes = [self._slopes.means(step) / size for step in (across, down)]
        steps = (across, down, across + down, across - down)
        sizes = [self._edges.means(np.abs(step)) for step in steps]
        return [*slopes, np.array([np.log(size)], dtype=np.float32), *sizes]

    def _sharp(self, light: Numbers) -> list[Numbers]:
        """Mean size of the first and second differences of neighbouring pixels."""
        above, middle, below = (light[start::_BAND] for start in range(_BAND))
        across, down = middle[:, 1:] - middle[:, :-1], middle - above
        bends = (across[:, 1:] - across[:, :-1], (below - middle - down)[:, 1:-1])
        steps = (across[:, :-1], down[:, 1:-1], *bends)
        return [self._sharpness.means(np.abs(step)) for step in steps]


class _Regions:
    """Means over a square grid of regions of a plane."""

    def __init__(self, height: int, width: int, side: int) -> None:
        self._down, self._across = _means(height, side).T.copy(), _means(width, side)

    def means(self, plane: Numbers) -> Numbers:
        """Mean of each region of a plane, (height, width): (side²,)."""
        rows: Numbers = self._down @ plane
        means: Numbers = rows @ self._across
        return means.ravel()


def _means(size: int, parts: int) -> Numbers:
    """Return a matrix, (size, parts), that takes the mean of each of some equal parts of an axis.

    A pixel that lies in two parts counts in each by its share.
    """
    edges = np.linspace(0, size, parts + 1)
    pixels = np.arange(size)[:, np.newaxis]
    inside = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return np.asarray(np.maximum(inside, 0) * parts / size, dtype=np.float32)
