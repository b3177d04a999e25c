"""Drawn machine parts: flat pieces under other light, turned, and on other backgrounds."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, rotate

SIDE = 72

Field = NDArray[np.float64]
Pixels = NDArray[np.uint8]


def parts(_data: Path) -> Iterator[tuple[str, Iterator[Pixels]]]:
    """Yield parts, each with as many pictures as are asked for."""
    for number in count():
        yield f"part{number:03d}", _pictures(number)


def _pictures(number: int) -> Iterator[Pixels]:
    shape, rng = outline(number), np.random.default_rng([13, number])
    colour = rng.uniform(0.25, 0.9, 3)
    while True:
        yield picture(shape, colour, rng)


def outline(number: int) -> NDArray[np.bool_]:
    """Draw the outline of a part, (SIDE, SIDE): a wavy disc with round holes."""
    rng = np.random.default_rng([12, number])
    rows, columns = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    angle, radius = np.arctan2(rows, columns), np.hypot(rows, columns)
    rim = np.full_like(angle, rng.uniform(0.45, 0.6))
    for waves in range(1, 7):
        rim += rng.normal(0, 0.09 / waves**0.5) * np.cos(waves * angle + rng.uniform(0, 6.3))
    part: NDArray[np.bool_] = radius < np.clip(rim, 0.25, 0.85)
    for _ in range(rng.integers(1, 5)):
        x, y = rng.uniform(-0.45, 0.45, 2)
        part &= np.hypot(columns - x, rows - y) > rng.uniform(0.06, 0.16)
    return part


def picture(shape: NDArray[np.bool_], colour: Field, rng: np.random.Generator) -> Pixels:
    """Draw a part: uint8 (SIDE, SIDE, 3)."""
    turned = rotate(shape.astype(float), rng.uniform(-35, 35), reshape=False, order=1)
    turned = np.roll(turned, tuple(rng.integers(-5, 6, 2)), (0, 1)).clip(0, 1)
    down, across = np.gradient(np.minimum(distance_transform_edt(turned > 0.5), 5))  # noqa: PLR2004
    lamp = rng.uniform(0, 2 * np.pi)
    shade = 0.75 + rng.uniform(0.2, 0.5) * (np.cos(lamp) * across + np.sin(lamp) * down)
    shade *= 1 + rng.uniform(-0.4, 0.4) * np.linspace(-1, 1, SIDE)[:, None]
    surface = shade[:, :, None] * colour * rng.uniform(0.6, 1.2)
    seen = turned[:, :, None] * surface + (1 - turned[:, :, None]) * _background(rng)
    noisy = seen + rng.normal(0, 0.02, seen.shape)
    drawn: Pixels = (255 * np.clip(noisy, 0, 1)).astype(np.uint8)
    return drawn


def _background(rng: np.random.Generator) -> Field:
    """Draw smooth stains of random colours, (SIDE, SIDE, 3), coarse or fine."""
    stains = gaussian_filter(rng.normal(0, 1, (SIDE, SIDE, 3)), (rng.uniform(1.5, 12),) * 2 + (0,))
    background: Field = rng.uniform(0.1, 0.9, 3) + rng.uniform(0, 0.25) * stains / stains.std()
    return background
