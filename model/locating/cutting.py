"""Crop of a picture by a turned square: the same pixels in training, evaluation and service."""

import math
from dataclasses import replace
from typing import Final

from PIL import Image

from model.locating.squares import Located
from model.schema.input import InputSpec, Resample
from model.schema.locator import LocatorSpec

FILL: Final = (128, 128, 128)
"""Mid-grey, where a crop or a padded picture has no pixels."""
_FILTERS = {
    Resample.BILINEAR: Image.Resampling.BILINEAR,
    Resample.BICUBIC: Image.Resampling.BICUBIC,
}


def cut_input(
    picture: Image.Image, located: Located, spec: InputSpec, locator: LocatorSpec
) -> Image.Image:
    """Cut the crop that the encoder sees, of the size of its input, from a picture of its mode.

    It is as wide as the located square, times `scale` of the locator and `middle` of the input; its
    height follows from the input's shape.
    """
    square = located.framed(locator.scale, locator.shift).framed(spec.middle)
    return cut(picture, square, (spec.width, spec.height), spec.resample)


def cut(
    picture: Image.Image, located: Located, size: tuple[int, int], resample: Resample
) -> Image.Image:
    """Cut a turned square out of a picture, antialiased; what lies outside is mid-grey.

    The picture is first reduced by a whole factor, then sampled at up to twice the size, and that
    is resized by a filter.

    Args:
        picture: Of mode RGB or L.
        located: As wide as the crop; of another shape than a square, the crop's height follows.
        size: Width and height of the crop.
        resample: The filter.
    """
    step = 2 * located.half_side / size[0]
    factor = max(1, int(step))
    several = math.ceil(step / factor)
    source, (left, top) = _reduced(picture, located, size, factor)
    moved = replace(located, x=located.x - left, y=located.y - top)
    placed = moved.scaled(1 / factor, 1 / factor)
    large = (several * size[0], several * size[1])
    sampled = source.transform(
        large,
        Image.Transform.AFFINE,
        _coefficients(placed, large),
        _FILTERS[resample],
        fillcolor=FILL if source.mode == "RGB" else FILL[0],
    )
    return sampled if several == 1 else sampled.resize(size, _FILTERS[resample])


def _coefficients(located: Located, size: tuple[int, int]) -> tuple[float, ...]:
    """Pillow's coefficients from a place in the crop to one in the picture."""
    width, height = size
    across, down = 2 / width * located.u, 2 / width * located.v
    x = located.x - across * width / 2 + down * height / 2
    y = located.y - down * width / 2 - across * height / 2
    return (across, -down, x, down, across, y)


def _reduced(
    picture: Image.Image, located: Located, size: tuple[int, int], factor: int
) -> tuple[Image.Image, tuple[int, int]]:
    """The part of a picture that a crop shows, reduced by a factor, and where it begins."""
    if factor == 1:
        return picture, (0, 0)
    shape = max(1.0, size[1] / size[0])
    reach = math.sqrt(1 + shape**2) * located.half_side + 2 * factor
    left, right = (_within(located.x + sign * reach, picture.width) for sign in (-1, 1))
    top, bottom = (_within(located.y + sign * reach, picture.height) for sign in (-1, 1))
    if right - left < 1 or bottom - top < 1:
        left, top, right, bottom = 0, 0, 1, 1
    return picture.reduce(factor, (left, top, right, bottom)), (left, top)


def _within(value: float, side: int) -> int:
    return round(min(max(value, 0), side))
