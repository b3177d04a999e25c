"""Drawn reliefs under strong light: a common shape with small own differences, in grey.

A relief is a height field with a painted surface. It is shaded by one distant lamp (Lambert), with
attached and cast shadows, and seen from slightly different sides. Identities differ less than two
pictures of one under different lamps: the nuisance dominates the pixels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

SIDE = 96
_REACH = 40
"""Steps of a ray from a point of the surface towards the lamp, each a pixel wide."""

Field = NDArray[np.float64]


@dataclass(frozen=True)
class Relief:
    """Height and albedo of an identity, each (SIDE, SIDE)."""

    height: Field
    albedo: Field


def relief(identity: int, seed: int = 0) -> Relief:
    """Draw the relief of an identity: the common shape, moved, swollen and painted anew."""
    own, common = (np.random.default_rng([seed, number]) for number in (identity + 1, 0))
    height = 0.55 * np.sqrt(np.clip(1 - _squares(0, 0, 0.95, 1.1), 0, None))
    for _ in range(9):
        x, y = common.uniform(-0.6, 0.6, 2) + own.normal(0, 0.05, 2)
        wide, tall = common.uniform(0.08, 0.3, 2) * np.exp(own.normal(0, 0.2, 2))
        swell = common.normal(0, 0.14) + own.normal(0, 0.05)
        height += swell * np.exp(-_squares(x, y, wide, tall))
    albedo = np.full((SIDE, SIDE), own.uniform(0.5, 0.75))
    for _ in range(7):
        x, y = common.uniform(-0.7, 0.7, 2) + own.normal(0, 0.06, 2)
        wide, tall = common.uniform(0.06, 0.25, 2) * np.exp(own.normal(0, 0.25, 2))
        albedo += (common.normal(0, 0.2) + own.normal(0, 0.1)) * np.exp(-_squares(x, y, wide, tall))
    return Relief(height, np.clip(albedo, 0.05, 1))


def picture(shape: Relief, rng: np.random.Generator, *, moved: bool) -> NDArray[np.uint8]:
    """Draw a relief under a random lamp, and from another side if `moved`: uint8 (SIDE, SIDE)."""
    side, up = np.radians(rng.uniform(-85, 85)), np.radians(rng.uniform(-35, 75))
    lamp = np.array([np.sin(side) * np.cos(up), -np.sin(up), np.cos(side) * np.cos(up)])
    light = _shaded(shape.height, lamp) * ~_in_shadow(shape.height, lamp)
    seen = shape.albedo * (rng.uniform(0.01, 0.1) + rng.uniform(0.6, 1.1) * light)
    seen = _moved(seen, shape.height, rng, 1.0 if moved else 0.15)
    seen = seen ** rng.uniform(0.6, 0.9) + rng.normal(0, 0.012, seen.shape)
    return (255 * np.clip(seen, 0, 1)).astype(np.uint8)


def _squares(x: float, y: float, wide: float, tall: float) -> Field:
    rows, columns = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    distance: Field = ((columns - x) / wide) ** 2 + ((rows - y) / tall) ** 2
    return distance


def _shaded(height: Field, lamp: Field) -> Field:
    """Cosine between the surface's normals and the direction of the lamp, at least 0."""
    down, across = np.gradient(height, 2 / SIDE)
    normals = np.stack([-across, -down, np.ones_like(height)])
    cosines = np.tensordot(lamp, normals / np.linalg.norm(normals, axis=0), 1)
    shaded: Field = np.clip(cosines, 0, None)
    return shaded


def _in_shadow(height: Field, lamp: Field) -> NDArray[np.bool_]:
    """Find the points from which the surface hides the lamp."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    flat = float(np.hypot(lamp[0], lamp[1])) + 1e-9
    hidden = np.zeros((SIDE, SIDE), dtype=np.bool_)
    for step in range(1, _REACH):
        row = (rows + step * lamp[1] / flat).round().astype(int)
        column = (columns + step * lamp[0] / flat).round().astype(int)
        inside = (row >= 0) & (row < SIDE) & (column >= 0) & (column < SIDE)
        other = height[row.clip(0, SIDE - 1), column.clip(0, SIDE - 1)]
        hidden |= inside & (other > height + step * (2 / SIDE) * lamp[2] / flat + 0.01)
    return hidden


def _moved(seen: Field, height: Field, rng: np.random.Generator, strength: float) -> Field:
    """Turn, shift and scale a picture, and shear it by its height, as a turned head is."""
    angle, zoom = np.radians(rng.normal(0, 6 * strength)), np.exp(rng.normal(0, 0.06 * strength))
    shift, yaw = rng.normal(0, 3 * strength, 2), rng.normal(0, 8 * strength, 2)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2
    row = zoom * (np.cos(angle) * rows - np.sin(angle) * columns) + shift[0]
    column = zoom * (np.sin(angle) * rows + np.cos(angle) * columns) + shift[1]
    row, column = row + (SIDE - 1) / 2, column + (SIDE - 1) / 2
    depth = map_coordinates(height, [row, column], order=1, mode="nearest")
    place = [row + yaw[1] * depth, column + yaw[0] * depth]
    moved: Field = map_coordinates(seen, place, order=1, mode="nearest")
    return moved
