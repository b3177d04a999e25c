"""Declaration of an encoder's input: all that its graph cannot say of itself."""

from enum import StrEnum
from typing import Any, Self

from pydantic import Field, FiniteFloat, model_validator

from model.manifest import MAX_SIDE, Aspect, Resample
from model.schema.fields import Frozen

_PIXEL_MAX = 255.0


class ChannelOrder(StrEnum):
    """Order of the channels that the network takes."""

    RGB = "rgb"
    BGR = "bgr"


class Declaration(Frozen):
    """Input of a network: the shape rules and, of float pixels, (pixel - mean) / std per channel.

    Attributes:
        mean: In units of a pixel, 0 to 255, in the order of the network's channels; empty for a
            network that takes uint8 pixels as they are.
        std: As `mean`; positive.
        order: Order of the channels; it says nothing of a network of one channel.
        height: In pixels, where the graph leaves it free.
        width: In pixels, where the graph leaves it free.
        aspect: Rule that fits an image to that shape.
        middle: Share of the image's width and height, around its centre, that is used.
        resample: Filter of the resize.
        source: Where it is from: the name of a file, or `the graph and the command line`.
    """

    mean: tuple[FiniteFloat, ...] = Field(default=(), max_length=3)
    std: tuple[FiniteFloat, ...] = Field(default=(), max_length=3)
    order: ChannelOrder = ChannelOrder.RGB
    height: int | None = Field(default=None, ge=4, le=MAX_SIDE)
    width: int | None = Field(default=None, ge=4, le=MAX_SIDE)
    aspect: Aspect = Aspect.CROP
    middle: float = Field(default=1.0, ge=0.1, le=1)
    resample: Resample = Resample.BILINEAR
    source: str = "the graph and the command line"

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        if len(self.mean) != len(self.std):
            raise ValueError(f"{len(self.mean)} means and {len(self.std)} standard deviations")
        if min(self.std, default=1) <= 0:
            raise ValueError("a standard deviation must be above 0")
        return self

    @property
    def in_words(self) -> str:
        """Whole declaration, for people."""
        numbers = "uint8 pixels as they are"
        if self.mean:
            mean, std = (", ".join(f"{v:.6g}" for v in row) for row in (self.mean, self.std))
            numbers = f"(pixel - ({mean})) / ({std}), channels {self.order}"
        return f"{numbers}, aspect {self.aspect}, middle {self.middle:g}, {self.resample}"

    def per_channel(self, channels: int) -> Self:
        """Return the same declaration with one mean and one std for each channel.

        Raises:
            ValueError: Another number of them than 1 and `channels`.
        """
        if len(self.mean) not in {1, channels}:
            raise ValueError(
                f"{len(self.mean)} means are declared for an input of {channels} channel(s)"
            )
        repeated = 1 if len(self.mean) == channels else channels
        return self.model_copy(update={"mean": self.mean * repeated, "std": self.std * repeated})

    def variants(self) -> dict[str, Self]:
        """Return the usual mistakes: declarations that might have been meant instead.

        A wrong declaration costs error rate and raises no error. Each is measured beside the
        declared one, as a warning.
        """
        if not self.mean:
            return {}
        turned = ChannelOrder.BGR if self.order is ChannelOrder.RGB else ChannelOrder.RGB
        ones = (1.0,) * len(self.mean)
        others: dict[str, dict[str, Any]] = {
            f"channels as {turned.upper()}": {"order": turned},
            "pixels / 255": {
                "mean": tuple(0.0 for _ in ones),
                "std": tuple(_PIXEL_MAX for _ in ones),
            },
            "(pixels - 127.5) / 127.5": {
                "mean": tuple(127.5 for _ in ones),
                "std": tuple(127.5 for _ in ones),
            },
        }
        found = {name: self.model_copy(update=change) for name, change in others.items()}
        return {name: other for name, other in found.items() if not other.computes_as(self)}

    def computes_as(self, other: Self) -> bool:
        """Return whether both make the same numbers of the same pixels."""
        return (self.mean, self.std, self.order) == (other.mean, other.std, other.order)
