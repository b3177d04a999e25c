"""Random zoom, shift, turn, mirror, colour, light and occlusion: how two photographs differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from training.serving_graph.normalise import to_channels_first

_AT_ONCE = 16
"""Images that a processor varies together: few enough for its cache. A GPU varies a batch whole."""

_DRAWS = 16
"""Random numbers that an image takes: one for each call of `_Draw`."""


@dataclass(frozen=True)
class Jitter:
    """Draws a variation for each image of a batch.

    Attributes:
        zoom: Least and most of the canvas's side that is shown; above 1 it is set in its own
            reflection, so that the thing is smaller than in the original.
        shift: The most that the shown part moves, as a share of the canvas.
        rotation: The most that it turns, in degrees, either way.
        stretch: The most that width and height are scaled against each other, as a logarithm.
        mirror: How often it is mirrored left to right.
        grey: How often all colour is taken away.
        saturation: Least and most saturation otherwise.
        contrast: Least and most contrast.
        brightness: The most that light is added or taken, in pixel values of 255.
        erase: How often a rectangle is covered with one grey (Zhong et al. 2020).
        erased: Least and most side of that rectangle, as a share of the input's.
    """

    zoom: tuple[float, float]
    shift: float
    rotation: float
    stretch: float
    mirror: float
    grey: float
    saturation: tuple[float, float]
    contrast: tuple[float, float]
    brightness: float
    erase: float
    erased: tuple[float, float]

    def __post_init__(self) -> None:
        for name in ("zoom", "saturation", "contrast", "erased"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ValueError(f"{name} must be a rising pair of positive numbers")
        if not all(0 <= share <= 1 for share in (self.mirror, self.grey, self.erase)):
            raise ValueError("mirror, grey and erase are shares between 0 and 1")

    def __call__(self, canvas: Tensor, size: tuple[int, int], generator: Generator) -> Tensor:
        """Vary a batch.

        Args:
            canvas: uint8, (N, H, W, C).
            size: (height, width) that the network takes.
            generator: The batch's own source of randomness, on the CPU.

        Returns:
            float32, (N, C, *size), 0 … 255.
        """
        numbers = [torch.rand(len(canvas), generator=generator) for _ in range(_DRAWS)]
        at_once = _AT_ONCE if canvas.device.type == "cpu" else max(1, len(canvas))
        parts = torch.split(torch.stack(numbers).to(canvas.device), at_once, dim=1)
        pieces = zip(torch.split(canvas, at_once), parts, strict=True)
        return torch.cat([self._vary(piece, size, _Draw(part)) for piece, part in pieces])

    def _vary(self, canvas: Tensor, size: tuple[int, int], draw: _Draw) -> Tensor:
        pixels = to_channels_first(canvas)
        grid = _grid(self._transform(draw), size)
        shown = nn.functional.grid_sample(
            pixels, grid, padding_mode="reflection", align_corners=False
        )
        return self._cover(self._light(shown, draw).clamp(0, 255), draw)

    def _transform(self, draw: _Draw) -> Tensor:
        """An affine map from the output to the canvas for each image, (N, 2, 3)."""
        zoom = draw.between(*self.zoom)
        angle = draw.between(-math.radians(self.rotation), math.radians(self.rotation))
        stretch = draw.between(-self.stretch, self.stretch).exp()
        mirror = 1 - 2 * draw.whether(self.mirror)
        # In the grid's units the canvas is 2 wide, so a share of it counts twice.
        x, y = (draw.between(-2 * self.shift, 2 * self.shift) for _ in range(2))
        rows = (
            torch.stack([zoom * angle.cos() * mirror * stretch, -zoom * angle.sin(), x], dim=1),
            torch.stack([zoom * angle.sin() * mirror, zoom * angle.cos() / stretch, y], dim=1),
        )
        return torch.stack(rows, dim=1)

    def _light(self, pixels: Tensor, draw: _Draw) -> Tensor:
        """Colour, contrast and light at once, as one affine map of an image's colours."""
        saturation = draw.between(*self.saturation) * (1 - draw.whether(self.grey))
        brightness = draw.between(-self.brightness, self.brightness)
        contrast = draw.between(*self.contrast)
        channels = pixels.shape[1]
        # Saturation moves each pixel from its own mean, contrast all of them from the image's.
        kept, spread = contrast * saturation, contrast * (1 - saturation) / channels
        own = torch.eye(channels, device=pixels.device)
        mixing = kept[:, None, None] * own + spread[:, None, None]
        offset = (1 - contrast) * pixels.mean(dim=(1, 2, 3)) + brightness
        offsets = offset[:, None, None].expand(-1, channels, 1)
        return torch.baddbmm(offsets, mixing, pixels.flatten(2)).view_as(pixels)

    def _cover(self, pixels: Tensor, draw: _Draw) -> Tensor:
        covered = draw.whether(self.erase).bool()[:, None, None]
        rows, columns = (self._band(side, draw) for side in pixels.shape[-2:])
        where = covered & rows[:, :, None] & columns[:, None, :]
        return torch.where(where[:, None], _each(draw.between(0, 255)), pixels)

    def _band(self, side: int, draw: _Draw) -> Tensor:
        """A random stretch of an axis for each image, (N, side)."""
        length = draw.between(*self.erased)
        first = draw.between(0, 1) * (1 - length)
        position = torch.linspace(0, 1, side, device=draw.device)[None, :]
        return (position >= first[:, None]) & (position <= (first + length)[:, None])


class _Draw:
    """Random numbers, one for each image, as often as they are asked for."""

    def __init__(self, numbers: Tensor) -> None:
        """Take them, each between 0 and 1, (draws, N)."""
        self.device = numbers.device
        self._numbers = iter(numbers.unbind())

    def between(self, low: float, high: float) -> Tensor:
        return next(self._numbers) * (high - low) + low

    def whether(self, share: float) -> Tensor:
        return (self.between(0, 1) < share).to(torch.float32)


def _grid(transform: Tensor, size: tuple[int, int]) -> Tensor:
    """Where each pixel of the output lies in the canvas, (N, *size, 2).

    What `torch.nn.functional.affine_grid` gives, which multiplies matrices of 3 by 2 for it.
    """
    height, width = (
        (2 * torch.arange(side, device=transform.device) + 1) / side - 1 for side in size
    )
    across, down, moved = (column[:, :, None] for column in transform.unbind(dim=2))
    rows = (down * height + moved).transpose(1, 2)
    columns = (across * width).transpose(1, 2)
    return rows[:, :, None] + columns[:, None]


def _each(values: Tensor) -> Tensor:
    """(N,) as (N, 1, 1, 1)."""
    return values[:, None, None, None]


def build(  # noqa: PLR0913 (one for each way in which photographs differ)
    *,
    zoom: tuple[float, float] = (0.8, 1.1),
    shift: float = 0.05,
    rotation: float = 10,
    stretch: float = 0.08,
    mirror: float = 0.5,
    grey: float = 0.2,
    saturation: tuple[float, float] = (0.4, 1.4),
    contrast: tuple[float, float] = (0.6, 1.4),
    brightness: float = 30,
    erase: float = 0,
    erased: tuple[float, float] = (0.15, 0.4),
) -> Jitter:
    """The augmentation `jitter`."""
    return Jitter(
        (zoom[0], zoom[1]),
        shift,
        rotation,
        stretch,
        mirror,
        grey,
        (saturation[0], saturation[1]),
        (contrast[0], contrast[1]),
        brightness,
        erase,
        (erased[0], erased[1]),
    )
