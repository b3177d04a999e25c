"""Images unlike the calibration images: altered ones, which the domain check is fitted against.

Each alteration makes pictures that a network meets where it is misused: taken closer or from
farther away, turned, out of focus, noisy, badly lit. Its strength is drawn for each image.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]
Alteration = Callable[[Pixels, np.random.Generator], Pixels]
"""An image, uint8 (h, w, c), and a source of chance, to an altered image of the same shape."""

IMAGES_EACH: Final = 250
"""Largest number of images that each alteration is applied to."""
_MAX_BYTES: Final = 200_000_000
"""Bound of the altered images that are held at a time."""
_WHITE: Final = 255.0
_NO_SHIFT: Final = np.zeros(2)


def altered(images: Pixels, seed: int = 0) -> Iterator[tuple[NDArray[np.int64], Pixels]]:
    """Alter some of the images, (n, h, w, c), by each alteration in turn.

    Yields:
        The altered images' rows in `images`, (m,), and the altered images, uint8 (m, h, w, c).
    """
    most = min(IMAGES_EACH, max(1, _MAX_BYTES // images[0].nbytes), len(images))
    for index, alter in enumerate(ALTERATIONS):
        rng = np.random.default_rng([seed, index])
        rows = np.sort(rng.permutation(len(images))[:most])
        yield rows, np.stack([alter(images[row], rng) for row in rows])


def closer(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Enlarge by a fifth to a half."""
    return _enlarged(image, rng.uniform(1.2, 1.5, 1), _NO_SHIFT)


def closer_off_centre(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Enlarge by a fifth to nine tenths, and shift a little."""
    return _enlarged(image, rng.uniform(1.2, 1.9, 1), rng.uniform(-0.06, 0.06, 2))


def out_of_shape(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Enlarge width and height, each by a tenth to a half."""
    return _enlarged(image, rng.uniform(1.1, 1.5, 2), _NO_SHIFT)


def farther(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Shrink to a half to seven tenths; the rim is that of the image's edge."""
    height, width, channels = image.shape
    factor = rng.uniform(0.5, 0.7)
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    small = np.asarray(_picture(image).resize(size, Image.Resampling.BILINEAR))
    above, left = (height - size[1]) // 2, (width - size[0]) // 2
    rim = ((above, height - size[1] - above), (left, width - size[0] - left), (0, 0))
    return np.pad(small.reshape(size[1], size[0], channels), rim, mode="edge")


def off_centre(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Shift by a fifth in both directions; what leaves on one side returns on the other."""
    shifts = rng.choice([-1, 1], 2) * np.array(image.shape[:2]) // 5
    return np.roll(image, tuple(shifts.tolist()), axis=(0, 1))


def upside_down(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Turn by 180 degrees."""
    del rng
    return image[::-1, ::-1]


def sideways(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Turn by 90 degrees to either side, and stretch to the shape."""
    turned = np.ascontiguousarray(np.rot90(image, rng.choice([1, 3])))
    picture = _picture(turned).resize(image.shape[1::-1], Image.Resampling.BILINEAR)
    return _pixels(picture, image)


def tilted(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Turn by 20 to 45 degrees to either side."""
    angle = rng.choice([-1, 1]) * rng.uniform(20, 45)
    return _pixels(_picture(image).rotate(angle, Image.Resampling.BILINEAR), image)


def blurred(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Blur by a Gaussian of 1.2 to 3.5 % of the longer side."""
    radius = rng.uniform(0.012, 0.035) * max(image.shape[:2])
    return _pixels(_picture(image).filter(ImageFilter.GaussianBlur(radius)), image)


def noisy(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Add white noise of 15 to 40 grey levels."""
    return _clipped(image + rng.normal(0, rng.uniform(15, 40), image.shape))


def dark(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Take 60 to 85 % of the light away."""
    return _clipped(image * rng.uniform(0.15, 0.4))


def overexposed(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Take 60 to 85 % of the shadow away."""
    return _clipped(_WHITE - (_WHITE - image) * rng.uniform(0.15, 0.4))


def flat(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Take 70 % of the contrast away."""
    return _clipped(image * 0.3 + rng.uniform(0, 0.7 * _WHITE))


def lit_from_one_side(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Multiply by a gradient of light: a twentieth on one side, 1.5 on the other."""
    light = 0.6 + rng.uniform(0.7, 1.4) * _slope(image, rng)
    return _clipped(image * np.clip(light, 0.05, 1.5))


def half_in_shadow(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Leave a tenth of the light on one side of an edge, softer or harder, near the centre."""
    slope = _slope(image, rng) - rng.uniform(-0.2, 0.2)
    return _clipped(image * (0.1 + 1 / (1 + np.exp(-rng.uniform(5, 20) * slope))))


def inverted(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Make light dark, and dark light."""
    del rng
    return 255 - image


ALTERATIONS: Final[tuple[Alteration, ...]] = (
    closer,
    closer_off_centre,
    out_of_shape,
    farther,
    off_centre,
    upside_down,
    sideways,
    tilted,
    blurred,
    noisy,
    dark,
    overexposed,
    flat,
    lit_from_one_side,
    half_in_shadow,
    inverted,
)


def _slope(image: Pixels, rng: np.random.Generator) -> Matrix:
    """Return a plane that rises from the centre at 0 in any direction, (h, w, 1), by 1 a side."""
    height, width = image.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    across = np.linspace(-1, 1, width)[np.newaxis, :, np.newaxis]
    down = np.linspace(-1, 1, height)[:, np.newaxis, np.newaxis]
    slope: Matrix = across * np.cos(angle) + down * np.sin(angle)
    return slope


def _enlarged(image: Pixels, factors: Matrix, shift: Matrix) -> Pixels:
    """Enlarge width and height by factors around the centre plus a shift, in sides."""
    sides = np.array(image.shape[1::-1])
    corner = sides * ((1 - 1 / factors) / 2 + shift)
    box = (*corner.tolist(), *(corner + sides / factors).tolist())
    picture = _picture(image)
    method, filtered = Image.Transform.EXTENT, Image.Resampling.BILINEAR
    return _pixels(picture.transform(picture.size, method, box, filtered), image)


def _picture(image: Pixels) -> Image.Image:
    return Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)


def _pixels(picture: Image.Image, like: Pixels) -> Pixels:
    return np.asarray(picture).reshape(like.shape)


def _clipped(values: NDArray[Any]) -> Pixels:
    pixels: Pixels = np.clip(values, 0, _WHITE).astype(np.uint8)
    return pixels
