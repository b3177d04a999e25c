"""Squares in a picture, and the one that five landmarks give.

Coordinates are continuous, in pixels: x to the right, y down, and the first pixel's centre is at
0.5, 0.5.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from model.errors import LandmarksError
from model.schema.locator import Point, Template

Landmarks = tuple[Point, ...]
"""Five points of a caller's own detector, in pixels of the upright picture, in template order."""

MIN_HALF_SIDE: Final = 1.0
"""Pixels; a smaller square is none."""
_MIN_EXPLAINED = 0.5
"""Share of the variance of five landmarks that the template has to explain."""
_MAX_OUTSIDE = 1.0
"""How far outside a picture a landmark may lie, in sides of the picture."""


@dataclass(frozen=True)
class Located:
    """A square in a picture, turned by an angle.

    Attributes:
        score: In [0, 1]; None where a caller gave landmarks.
        x: Centre, in pixels of the picture.
        y: Centre.
        u: Vector from the centre to the middle of the right edge: half the side, turned.
        v: As `u`, downwards.
    """

    score: float | None
    x: float
    y: float
    u: float
    v: float

    @property
    def half_side(self) -> float:
        """Half the side, in pixels."""
        return math.hypot(self.u, self.v)

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """Corners of the square: upper left, upper right, lower right, lower left of the crop."""
        one, other, third, last = (self.at((a, b)) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1)))
        return one, other, third, last

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, upper, right and lower edge of the upright rectangle around the corners."""
        xs, ys = zip(*self.corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def at(self, share: Point) -> Point:
        """Point of the picture, by its place in the crop in shares of the side."""
        right, down = 2 * share[0] - 1, 2 * share[1] - 1
        return (
            self.x + right * self.u - down * self.v,
            self.y + right * self.v + down * self.u,
        )

    def points(self, template: Template) -> tuple[Point, ...]:
        """The template's landmarks in the picture."""
        return tuple(self.at(point) for point in template)

    def scaled(self, horizontally: float, vertically: float) -> "Located":
        """The same square in a picture that is so many times as large."""
        return replace(
            self,
            x=self.x * horizontally,
            y=self.y * vertically,
            u=self.u * horizontally,
            v=self.v * vertically,
        )

    def framed(self, scale: float, shift: Point = (0, 0)) -> "Located":
        """The square of `scale` times the side, shifted right and down by shares of the side."""
        x, y = self.at((0.5 + shift[0], 0.5 + shift[1]))
        return replace(self, x=x, y=y, u=self.u * scale, v=self.v * scale)


def similarity_of(points: Sequence[Point], template: Template) -> Located:
    """The square whose template fits five landmarks best, in least squares (Umeyama 1991).

    In the plane, with points as complex numbers z of the picture and w of the template, the
    similarity without reflection is z = a w + b with a = Σ conj(w - mean w)(z - mean z) / Σ |w -
    mean w|².

    Raises:
        LandmarksError: Not five points, or such as no turned, scaled and shifted template is near.
    """
    if len(points) != len(template):
        raise LandmarksError(f"{len(points)} landmarks; send {len(template)}")
    z, w = (np.array([complex(*point) for point in each]) for each in (points, template))
    z_mean, w_mean = z.mean(), w.mean()
    z, w = z - z_mean, w - w_mean
    cross = complex(np.vdot(w, z))
    of_template, of_points = float(np.vdot(w, w).real), float(np.vdot(z, z).real)
    a = cross / of_template
    if abs(cross) ** 2 < _MIN_EXPLAINED * of_template * of_points:
        raise LandmarksError(
            "the landmarks do not have the shape of the template: the eye at the left of the "
            "picture comes first, then the other, the nose, the left and the right corner of the "
            "mouth"
        )
    if not abs(a) / 2 >= MIN_HALF_SIDE:
        raise LandmarksError("the landmarks are too close together")
    centre = a * (complex(0.5, 0.5) - w_mean) + z_mean
    return Located(None, centre.real, centre.imag, a.real / 2, a.imag / 2)


def check_landmarks(points: Sequence[Point], size: tuple[int, int]) -> None:
    """Check that landmarks lie in a picture of that width and height, or near it.

    Raises:
        LandmarksError: One is not finite, or farther outside than the picture is wide or high.
    """
    for x, y in points:
        inside = all(
            -_MAX_OUTSIDE * side <= value <= (1 + _MAX_OUTSIDE) * side
            for value, side in ((x, size[0]), (y, size[1]))
        )
        if not inside:
            raise LandmarksError(
                f"the landmark {x:g}, {y:g} is far outside the picture of {size[0]} x {size[1]} "
                "pixels; they are pixels of the upright image"
            )
