"""Synthetic data set, to try the whole workflow without photographs.

An identity is a figure of a few coloured polygons; its images show it rotated, shifted, scaled, in
other light and with noise.
"""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.errors import DataError

_SIDE = 96
_SHAPES = 4
_NOISE = 12

Polygon = tuple[NDArray[np.float64], tuple[int, ...]]
"""Corners, (corners, 2) in -1 … 1, and a colour."""


def draw_folder(out: Path, identities: int, images: int, seed: int) -> None:
    """Draw a new folder of identities, each a folder of PNG images; the same for the same seed.

    Raises:
        DataError: `out` is not empty.
    """
    if out.exists() and any(out.iterdir()):
        raise DataError(f"{out} is not empty; choose another --out")
    for identity in range(identities):
        rng = np.random.default_rng([seed, identity])
        figure = [_polygon(rng) for _ in range(_SHAPES)]
        folder = out / f"figure{identity:03d}"
        folder.mkdir(parents=True)
        for i in range(images):
            image = _photograph(figure, np.random.default_rng([seed, identity, i + 1]))
            image.save(folder / f"{i:02d}.png")


def _polygon(rng: np.random.Generator) -> Polygon:
    corners = int(rng.integers(3, 7))
    angles = np.sort(rng.uniform(0, 2 * math.pi, corners))
    radii = rng.uniform(0.2, 0.6, corners)
    centre = rng.uniform(-0.4, 0.4, 2)
    points = centre + np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    return points, tuple(rng.integers(0, 256, 3).tolist())


def _photograph(figure: list[Polygon], rng: np.random.Generator) -> Image.Image:
    angle, scale = rng.normal(0, 0.15), rng.uniform(0.75, 1.0)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shift = rng.uniform(-0.1, 0.1, 2)
    image = Image.new("RGB", (_SIDE, _SIDE), tuple(rng.integers(180, 256, 3).tolist()))
    canvas = ImageDraw.Draw(image)
    for points, colour in figure:
        placed = ((points @ turn.T * scale + shift) + 1) / 2 * _SIDE
        canvas.polygon([(x, y) for x, y in placed], fill=colour)
    light, noise = rng.uniform(0.7, 1.2), rng.normal(0, _NOISE, (_SIDE, _SIDE, 3))
    pixels = np.asarray(image) * light + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
