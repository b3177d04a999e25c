"""Photographs with known answers, and the errors of a locator in them.

They are composed by Pillow, apart from the scenes of the training, from pictures that were kept
aside.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.locating.locator import Locator
from model.locating.squares import Located
from training.locator.config import LocatorConfig

Pixels = NDArray[np.uint8]

SIZE = (640, 480)
"""Width and height of a photograph."""
_SHARES = (0.1, 1.0)
"""Least and largest side of a thing's square, as a share of the photograph's height."""
_INSIDE = 0.6
"""Share of a thing's core that is inside the photograph at least, each way."""
_SMOOTH = 1.5
NEAR = 0.15
"""A thing is located rightly if its centre is off by less than this share of the side."""


@dataclass(frozen=True)
class Trial:
    """A picture, and the square of the thing in it; None where there is nothing in it."""

    picture: Image.Image
    thing: Located | None = None


def photographs(
    pictures: Pixels,
    backgrounds: Pixels,
    config: LocatorConfig,
    seed: int,
    shares: tuple[float, float] = _SHARES,
) -> Iterable[Trial]:
    """Compose a photograph of each aligned picture, somewhere on a background.

    `shares` are the least and largest side of the picture's square, in heights of a photograph.
    """
    draw = np.random.default_rng(seed)
    for picture in pictures:
        background = backgrounds[draw.integers(len(backgrounds))]
        thing = _anywhere(draw, config, shares)
        yield Trial(compose(picture, background, thing), thing)


def aligned(pictures: Pixels) -> Iterable[Trial]:
    """The aligned pictures as they are: the square is the whole picture."""
    half = pictures.shape[1] / 2
    for picture in pictures:
        yield Trial(Image.fromarray(picture), Located(1.0, half, half, half, 0.0))


def empty(backgrounds: Pixels) -> Iterable[Trial]:
    """Photographs with nothing in them."""
    for background in backgrounds:
        yield Trial(Image.fromarray(background).resize(SIZE, Image.Resampling.BICUBIC))


def compose(picture: Pixels, background: Pixels, square: Located) -> Image.Image:
    """Lay an aligned picture into a turned square of a photograph of the background."""
    result = Image.fromarray(background).resize(SIZE, Image.Resampling.BICUBIC)
    source = Image.fromarray(picture)
    if (factor := int(source.width / (2 * square.half_side) / _SMOOTH + 0.5)) > 1:
        source = source.reduce(factor)
    # From a place in the photograph to one in the picture: the inverse of the square's rotation.
    scale = source.width / 2 / square.half_side**2
    across, down = square.u * scale, square.v * scale
    left = source.width / 2 - across * square.x - down * square.y
    top = source.height / 2 + down * square.x - across * square.y
    affine = (across, down, left, -down, across, top)
    pasted = source.transform(SIZE, Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC)
    mask = Image.new("L", source.size, 255)
    mask = mask.transform(SIZE, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)
    result.paste(pasted, mask=mask)
    return result


def _anywhere(
    draw: np.random.Generator, config: LocatorConfig, shares: tuple[float, float]
) -> Located:
    side = SIZE[1] * math.exp(draw.uniform(math.log(shares[0]), math.log(shares[1])))
    turn = math.radians(draw.uniform(-config.turn, config.turn))
    margin = _INSIDE * config.core * side
    x, y = (draw.uniform(min(margin, edge / 2), max(edge - margin, edge / 2)) for edge in SIZE)
    return Located(1.0, x, y, side / 2 * math.cos(turn), side / 2 * math.sin(turn))


@dataclass(frozen=True)
class Findings:
    """Results of a locator in some trials, one row each.

    Attributes:
        first: Score of the best candidate, 0 where there is none, (trials,).
        second: Score of the second thing, 0 where there is none, (trials,).
        centre: Error of the best one's centre in sides of the thing; infinite where nothing is.
        side: Error of its side, as the absolute logarithm.
        turn: Error of its turn, in degrees.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    centre: NDArray[np.float64]
    side: NDArray[np.float64]
    turn: NDArray[np.float64]

    def acquired(self, threshold: float) -> float:
        """Share of pictures in which exactly one thing is located, and in the right place."""
        one = (self.first >= threshold) & (self.second < threshold)
        return float((one & (self.centre < NEAR)).mean())

    def found(self, threshold: float) -> float:
        """Share of pictures in which something is located."""
        return float((self.first >= threshold).mean())


def run(locator: Locator, trials: Iterable[Trial]) -> Findings:
    """Locate in each trial; the errors are those of the best candidate, refined."""
    rows = []
    for trial in trials:
        found = locator.locate(trial.picture)
        scores = [each.score or 0.0 for each in found[:2]] + [0.0, 0.0]
        errors = (math.inf, math.inf, math.inf)
        if found and trial.thing is not None:
            errors = errors_of(locator.refine(trial.picture, found[0]), trial.thing)
        rows.append((*scores[:2], *errors))
    return Findings(*np.array(rows, dtype=np.float64).T)


def errors_of(located: Located, thing: Located) -> tuple[float, float, float]:
    """Error of centre (sides of the thing), side (absolute logarithm) and turn (degrees)."""
    centre = math.hypot(located.x - thing.x, located.y - thing.y) / (2 * thing.half_side)
    side = abs(math.log(located.half_side / thing.half_side))
    turn = math.atan2(located.v, located.u) - math.atan2(thing.v, thing.u)
    return centre, side, abs(math.degrees((turn + math.pi) % (2 * math.pi) - math.pi))
