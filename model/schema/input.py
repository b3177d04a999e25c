"""Input of a bundle's graph, and the rules that bring an image to it."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from model.schema.fields import Frozen

MAX_SIDE = 1024
"""The largest input side, in pixels, that a bundle may ask for."""


class Aspect(StrEnum):
    """Rule that fits an image of another shape to the input's shape."""

    STRETCH = "stretch"
    """Each axis is scaled on its own."""
    CROP = "crop"
    """The largest centred part of the right shape is kept."""
    PAD = "pad"
    """The whole image is kept, centred on white."""


class Resample(StrEnum):
    """Filter of the resize; both are antialiased."""

    BILINEAR = "bilinear"
    BICUBIC = "bicubic"


class InputSpec(Frozen):
    """The tensor that the graph takes: uint8, shape (N, height, width, channels)."""

    width: int = Field(ge=4, le=MAX_SIDE)
    height: int = Field(ge=4, le=MAX_SIDE)
    channels: Literal[1, 3]
    aspect: Aspect
    middle: float = Field(default=1, ge=0.1, le=1)
    """The share of the image's width and height, around its centre, that is used.

    Cut off before the aspect rule is applied: what a photograph shows around the thing says nothing
    about it, and takes pixels away from it.
    """
    resample: Resample = Resample.BILINEAR
