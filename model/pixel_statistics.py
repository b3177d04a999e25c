"""Numbers that describe how an image looks: light, edges and sharpness by region.

They are of grey levels, or of green alone: colour is left to the network, whose error rates hold
for grey pictures where they were trained with. The domain check compares them with those of the
calibration images.
"""

from itertools import accumulate, pairwise, starmap
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from model.manifest import InputSpec
from model.schema.domain import PIXEL_FEATURES

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.float32]

_SMALL: Final = 24
"""Side of the small image that light and edges are read from."""
_FINE: Final = 12
_COARSE: Final = 6
_SHARPNESS: Final = 3
"""Sides of the grids of regions."""
_BAND: Final = 3
"""Neighbouring rows that are read together: two differences, and a difference of them."""
_MAX_BANDS: Final = 16
"""Bands that are read, evenly spaced: all numbers are means, which a sample gives as well."""
_AT_A_TIME: Final = 16
"""Images whose numbers are computed together: they fit into a cache, and numpy's calls are few."""
_GREEN: Final = 1
"""Channel that is read: three fifths of the luminance, in a quarter of the time."""
_DARKEST, _FLATTEST, _SMALLEST, _EVENEST = (np.float32(floor) for floor in (8, 1, 0.5, 0.05))
"""Added before a division or a logarithm: grey levels, but for the last one's, of logarithms."""
_LIGHT, _SLOPES, _SIZE, _EDGES, _SHARPNESSES = starmap(
    slice,
    pairwise(accumulate((0, _COARSE**2 + 2, 2 * _FINE**2, 1, 4 * _COARSE**2, 4 * _SHARPNESS**2))),
)
_MEAN_LIGHT: Final = np.full((_COARSE**2, 1), 1 / _COARSE**2, dtype=np.float32)
_MEAN_STEP: Final = np.repeat([1, 0], 2 * _COARSE**2)[:, np.newaxis].astype(np.float32) / (
    2 * _COARSE**2
)
"""Weights of the mean light of all regions, and of the mean step across and down."""


class PixelStatistics:
    """Statistics of the pixels of images of one shape."""

    def __init__(self, spec: InputSpec) -> None:
        bands = min(spec.height // _BAND, _MAX_BANDS)
        first = np.linspace(0, spec.height - _BAND, bands).round().astype(np.intp)
        # All first rows of the bands, all second ones, all third ones.
        self._rows = (first + np.arange(_BAND)[:, np.newaxis]).ravel()
        self._channel = _GREEN if spec.channels > 1 else 0
        self._small = _Regions(_BAND * bands, spec.width, _SMALL).of_rows(np.argsort(self._rows))
        self._coarse = _Regions(_SMALL, _SMALL, _COARSE)
        self._edges = _Regions(_SMALL, _SMALL, _COARSE, (1, 1))
        self._slopes = _Regions(_SMALL, _SMALL, _FINE, (1, 1))
        self._sharpness = _Regions(bands, spec.width, _SHARPNESS, (0, 2))

    def __call__(self, images: Pixels) -> Numbers:
        """Compute the statistics of images, uint8 (n, h, w, c): float32, (n, features)."""
        numbers = np.empty((len(images), PIXEL_FEATURES), dtype=np.float32)
        for start in range(0, len(images), _AT_A_TIME):
            part = slice(start, start + _AT_A_TIME)
            self._describe(images[part], numbers[part])
        return numbers

    def _describe(self, images: Pixels, out: Numbers) -> None:
        rows = images.take(self._rows, axis=1)
        levels = rows[..., self._channel].astype(np.float32)
        small = self._small(levels)
        self._light(small, out[:, _LIGHT])
        self._edge(small, out[:, _SLOPES], out[:, _SIZE], out[:, _EDGES])
        self._sharp(levels, out[:, _SHARPNESSES])
        sizes = out[:, _SIZE.start :]
        sizes += _SMALLEST
        np.log(sizes, out=sizes)

    def _light(self, small: Numbers, out: Numbers) -> None:
        """Logarithms of the light of each region less their mean; the mean, and their spread."""
        light, mean, spread = out[:, :-2], out[:, -2:-1], out[:, -1:]
        levels = self._coarse(small)
        levels += _DARKEST
        np.log(levels, out=levels)
        np.matmul(levels, _MEAN_LIGHT, out=mean)
        levels -= mean
        light[...] = levels
        levels *= levels
        np.sqrt(levels @ _MEAN_LIGHT, out=spread)
        spread += _EVENEST
        np.log(spread, out=spread)

    def _edge(self, small: Numbers, slopes: Numbers, size: Numbers, edges: Numbers) -> None:
        """Slopes of each region relative to all, and the mean size of steps in four directions."""
        pixels = small.reshape(len(small), -1)
        # Steps from the end of one row to the next are in no region.
        steps = np.zeros((len(small), 4, _SMALL**2), dtype=np.float32)
        across, down = steps[:, 0], steps[:, 1]
        np.subtract(pixels[:, 1:], pixels[:, :-1], out=across[:, :-1])
        np.subtract(pixels[:, _SMALL:], pixels[:, :-_SMALL], out=down[:, :-_SMALL])
        np.add(across, down, out=steps[:, 2])
        np.subtract(across, down, out=steps[:, 3])
        means = self._slopes(steps[:, :2])
        np.abs(steps, out=steps)
        edges[...] = self._edges(steps)
        np.matmul(edges, _MEAN_STEP, out=size)
        np.divide(means, size + _FLATTEST, out=slopes)

    def _sharp(self, levels: Numbers, out: Numbers) -> None:
        """Mean size of the first and second differences of neighbouring pixels."""
        above, here, below = np.moveaxis(levels.reshape(len(levels), _BAND, -1), 1, 0)
        steps = np.zeros((len(levels), 4, here.shape[1]), dtype=np.float32)
        step, bend = steps[:, 0], steps[:, 1]
        np.subtract(here[:, 1:], here[:, :-1], out=step[:, :-1])
        np.subtract(step[:, 1:], step[:, :-1], out=bend[:, :-1])
        step, bend = steps[:, 2], steps[:, 3]
        np.subtract(here, above, out=step)
        np.subtract(below, here, out=bend)
        bend -= step
        np.abs(steps, out=steps)
        out[...] = self._sharpness(steps)


class _Regions:
    """Means over a square grid of regions of planes."""

    def __init__(
        self, height: int, width: int, side: int, left_out: tuple[int, int] = (0, 0)
    ) -> None:
        """Prepare for planes of a size, of whose last rows and columns some are in no region."""
        self._shape = (height, width)
        self._down = np.zeros((side, height), dtype=np.float32)
        self._across = np.zeros((width, side), dtype=np.float32)
        self._down[:, : height - left_out[0]] = _means(height - left_out[0], side).T
        self._across[: width - left_out[1]] = _means(width - left_out[1], side)

    def of_rows(self, order: NDArray[np.intp]) -> Self:
        """Take planes whose rows come in another order, in which `order` sorts them."""
        self._down[:, order] = self._down.copy()
        return self

    def __call__(self, planes: Numbers) -> Numbers:
        """Mean of each region of planes, (n, ..., height * width): (n, ... * side²)."""
        height, width = self._shape
        # All rows of all planes are one matrix: one product in place of one a plane.
        narrow = (planes.reshape(-1, width) @ self._across).reshape(-1, height, len(self._down))
        means: Numbers = np.matmul(self._down, narrow)
        return means.reshape(len(planes), -1)


def _means(size: int, parts: int) -> Numbers:
    """Return a matrix, (size, parts), that takes the mean of each of some equal parts of an axis.

    A pixel that lies in two parts counts in each by its share.
    """
    edges = np.linspace(0, size, parts + 1)
    pixels = np.arange(size)[:, np.newaxis]
    inside = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return np.asarray(np.maximum(inside, 0) * parts / size, dtype=np.float32)
