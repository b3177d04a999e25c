"""Locator of a bundle: the pyramid around its graph, and the choice of one thing."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.errors import LandmarksError, NothingLocatedError, SeveralLocatedError
from model.locating.cutting import FILL, cut
from model.locating.squares import (
    MIN_HALF_SIDE,
    Landmarks,
    Located,
    check_landmarks,
    similarity_of,
)
from model.schema.input import Resample
from model.schema.locator import STRIDE, LocatorSpec

Find = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""The graph: uint8 (n, h, w, 3) to candidates, float32 (n, k, 5)."""

_SAME = 0.5
"""Two candidates whose centres are this near, in half sides of the larger, are of one thing."""
_REDUCING_GAP = 2
_MAX_SIDES = 2.0
"""Half side of a square at most, in longer sides of the picture."""


class Pick(StrEnum):
    """Rule for a picture in which several things are located."""

    ONLY = "only"
    """There must be exactly one."""
    LARGEST = "largest"
    CENTRAL = "central"
    """The one whose centre is nearest to the picture's."""


@dataclass(frozen=True)
class Found:
    """The square that a picture is compared by.

    Attributes:
        located: In pixels of the picture.
        others: Number of other things that were located; None where the caller gave landmarks.
    """

    located: Located
    others: int | None

    def scaled(self, horizontally: float, vertically: float) -> "Found":
        """The same in a picture that is so many times as large."""
        return replace(self, located=self.located.scaled(horizontally, vertically))


Aim = Pick | Landmarks
"""How the thing in a picture is chosen."""


class Locator:
    """A bundle's locator: the pyramid around its graph.

    Attributes:
        spec: The manifest's part.
        graph: Runs the graph.
    """

    def __init__(self, spec: LocatorSpec, find: Find) -> None:
        self.spec = spec
        self.graph = find

    def locate(self, picture: Image.Image) -> tuple[Located, ...]:
        """Locate everything whose score reaches the threshold, best first; unrefined.

        Args:
            picture: Upright, of mode RGB or L.

        Returns:
            Squares in pixels of the picture. None is there twice.
        """
        # A small picture is not enlarged: that would cost as much as a large one, for nothing.
        sides = sorted({min(side, max(picture.size)) for side in self.spec.sides})
        levels = [each for side in sides for each in self._in_level(picture, side)]
        return _without_doubles(levels)

    def refine(self, picture: Image.Image, located: Located) -> Located:
        """Locate once more in the upright crop around a square, which stays where nothing is."""
        side = self.spec.refine_side
        if side is None:
            return located
        around = located.framed(self.spec.refine_margin)
        crop = cut(picture, around, (side, side), Resample.BILINEAR).convert("RGB")
        found = [_in_picture(each, around, side) for each in self._candidates(np.asarray(crop))]
        again = [each for each in found if _is_same(each, located)]
        return replace(again[0], score=located.score) if again else located

    def find(self, picture: Image.Image, aim: Aim = Pick.ONLY) -> Found:
        """Find the thing that is compared: by the graph, or by a caller's landmarks.

        Args:
            picture: Upright, of mode RGB or L.
            aim: Landmarks are in pixels of this picture.

        Raises:
            NothingLocatedError: No candidate reaches the threshold.
            SeveralLocatedError: Several do, and `aim` is `only`.
            LandmarksError: Landmarks that do not fit the picture or the template, or there is none.
        """
        if not isinstance(aim, Pick):
            return Found(self._by_landmarks(picture, aim), None)
        located = self.locate(picture)
        chosen = choose(located, picture.size, aim)
        return Found(self.refine(picture, chosen), len(located) - 1)

    def _by_landmarks(self, picture: Image.Image, landmarks: Landmarks) -> Located:
        if self.spec.template is None:
            raise LandmarksError("the model's locator has no landmarks; send none")
        check_landmarks(landmarks, picture.size)
        return similarity_of(landmarks, self.spec.template)

    def _in_level(self, picture: Image.Image, side: int) -> list[Located]:
        pixels, size = _level(picture, side)
        factors = picture.width / size[0], picture.height / size[1]
        return [each.scaled(*factors) for each in self._candidates(pixels)]

    def _candidates(self, pixels: NDArray[np.uint8]) -> list[Located]:
        """Candidates that reach the threshold, best first, in the pixels of the graph's input."""
        rows = self.graph(pixels[np.newaxis])[0].astype(np.float64)
        rows = rows[np.isfinite(rows).all(axis=1) & (rows[:, 0] >= self.spec.threshold)]
        rows = rows[np.argsort(-rows[:, 0], kind="stable")]
        located = [Located(min(1.0, score), *square) for score, *square in rows.tolist()]
        most = _MAX_SIDES * max(pixels.shape[:2])
        return [each for each in located if MIN_HALF_SIDE <= each.half_side <= most]


def choose(located: Sequence[Located], size: tuple[int, int], pick: Pick) -> Located:
    """Choose one of the things that are located in a picture of that width and height.

    Raises:
        NothingLocatedError: There is none.
        SeveralLocatedError: There are several, and `pick` is `only`.
    """
    if not located:
        raise NothingLocatedError(
            "nothing is located in the picture; send one that shows the thing upright, whole and "
            "not too small"
        )
    if pick is Pick.LARGEST:
        return max(located, key=lambda each: each.half_side)
    if pick is Pick.CENTRAL:
        x, y = size[0] / 2, size[1] / 2
        return min(located, key=lambda each: math.hypot(each.x - x, each.y - y))
    if len(located) > 1:
        raise SeveralLocatedError(
            f"{len(located)} things are located in the picture; send one with a single thing, or "
            "face=largest or face=central"
        )
    return located[0]


def _level(picture: Image.Image, side: int) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """A level of the pyramid, padded, uint8 (h, w, 3), and its width and height without padding."""
    scale = side / max(picture.size)
    width, height = (max(1, round(scale * each)) for each in picture.size)
    resized = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=_REDUCING_GAP)
    padded = Image.new("RGB", (_padded(width), _padded(height)), FILL)
    padded.paste(resized)
    return np.asarray(padded), (width, height)


def _padded(side: int) -> int:
    return math.ceil(side / STRIDE) * STRIDE


def _in_picture(located: Located, around: Located, side: int) -> Located:
    """A square of an upright crop of that side, in the pixels of the picture."""
    x, y = around.at((located.x / side, located.y / side))
    turn = complex(located.u, located.v) * complex(around.u, around.v) / (side / 2)
    return Located(located.score, x, y, turn.real, turn.imag)


def _without_doubles(located: Sequence[Located]) -> tuple[Located, ...]:
    kept: list[Located] = []
    for each in sorted(located, key=lambda one: -(one.score or 0)):
        if not any(_is_same(each, other) for other in kept):
            kept.append(each)
    return tuple(kept)


def _is_same(one: Located, other: Located) -> bool:
    apart = math.hypot(one.x - other.x, one.y - other.y)
    return apart < _SAME * max(one.half_side, other.half_side)
