"""Random zoom, shift, rotation, mirror, colour, light and occlusion, as photographs differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from training.serving_graph.normalise import to_channels_first

_CPU_BATCH = 16
"""Images that are varied together on a CPU, few enough for its cache; on a GPU it is the batch."""
_DRAWS = 16
"""Random numbers for an image: one for each call of `_Draw`."""


@dataclass(frozen=True)
class Jitter:
    """The augmentation `jitter`: draws a variation for each image of a batch.

    Raises:
        ValueError: A range that is not rising, or a probability outside 0 … 1.
    """

    # Minimum and maximum share of the canvas's side that is shown; above 1 the canvas is surrounded
    # by its reflection, so that the subject is smaller than in the original.
    zoom: tuple[float, float] = (0.8, 1.1)
    shift: float = 0.05  # Maximum shift of the shown part, as a share of the canvas.
    rotation: float = 10  # Maximum rotation, in degrees, either way.
    stretch: float = 0.08  # Maximum scaling of width against height, as a logarithm.
    mirror: float = 0.5  # Probability of mirroring left to right.
    grey: float = 0.2  # Probability of removing all colour.
    saturation: tuple[float, float] = (0.4, 1.4)  # Minimum and maximum otherwise.
    contrast: tuple[float, float] = (0.6, 1.4)  # Minimum and maximum.
    brightness: float = 30  # Maximum change, in pixel values of 255.
    erase: float = 0  # Probability of covering a rectangle with one grey (Zhong et al. 2020).
    # Minimum and maximum side of that rectangle, as a share of the input's.
    erased: tuple[float, float] = (0.15, 0.4)

    def __post_init__(self) -> None:
        for name in ("zoom", "saturation", "contrast", "erased"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ValueError(f"{name} must be a rising pair of positive numbers")
        if not all(0 <= share <= 1 for share in (self.mirror, self.grey, self.erase)):
            raise ValueError("mirror, grey and erase are shares between 0 and 1")

    def __call__(self, canvas: Tensor, size: tuple[int, int], generator: Generator) -> Tensor:
        """Vary a batch: uint8 (N, H, W, C) to float32 (N, C, *size), 0 … 255.

        The generator is the batch's own, on the CPU.
        """
        numbers = [torch.rand(len(canvas), generator=generator) for _ in range(_DRAWS)]
        size_of_piece = _CPU_BATCH if canvas.device.type == "cpu" else max(1, len(canvas))
        parts = torch.split(torch.stack(numbers).to(canvas.device), size_of_piece, dim=1)
        pieces = zip(torch.split(canvas, size_of_piece), parts, strict=True)
        return torch.cat([self._vary(piece, size, _Draw(part)) for piece, part in pieces])

    def _vary(self, canvas: Tensor, size: tuple[int, int], draw: _Draw) -> Tensor:
        pixels = to_channels_first(canvas)
        grid = _grid(self._transform(draw), size)
        shown = nn.functional.grid_sample(
            pixels, grid, padding_mode="reflection", align_corners=False
        )
        return self._cover(self._light(shown, draw).clamp(0, 255), draw)

    def _transform(self, draw: _Draw) -> Tensor:
        """Draw an affine map from the output to the canvas for each image, (N, 2, 3)."""
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
        """Vary colour, contrast and brightness, as one affine map of an image's colours."""
        saturation = draw.between(*self.saturation) * (1 - draw.whether(self.grey))
        brightness = draw.between(-self.brightness, self.brightness)
        contrast = draw.between(*self.contrast)
        channels = pixels.shape[1]
        # Saturation scales around each pixel's mean, contrast around the image's.
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
        return torch.where(where[:, None], draw.between(0, 255)[:, None, None, None], pixels)

    def _band(self, side: int, draw: _Draw) -> Tensor:
        """Draw an interval of an axis for each image, bool (N, side)."""
        length = draw.between(*self.erased)
        first = draw.between(0, 1) * (1 - length)
        position = torch.linspace(0, 1, side, device=draw.device)[None, :]
        return (position >= first[:, None]) & (position <= (first + length)[:, None])


class _Draw:
    """Random numbers, one for each image and call."""

    def __init__(self, numbers: Tensor) -> None:  # (draws, N), between 0 and 1
        self.device = numbers.device
        self._numbers = iter(numbers.unbind())

    def between(self, low: float, high: float) -> Tensor:
        return next(self._numbers) * (high - low) + low

    def whether(self, share: float) -> Tensor:
        return (self.between(0, 1) < share).to(torch.float32)


def _grid(transform: Tensor, size: tuple[int, int]) -> Tensor:
    """Position in the canvas of each pixel of the output, (N, *size, 2).

    The result of `torch.nn.functional.affine_grid`, without its products of 3 × 2 matrices.
    """
    height, width = (
        (2 * torch.arange(side, device=transform.device) + 1) / side - 1 for side in size
    )
    across, down, moved = (column[:, :, None] for column in transform.unbind(dim=2))
    rows = (down * height + moved).transpose(1, 2)
    columns = (across * width).transpose(1, 2)
    return rows[:, :, None] + columns[:, None]


build = Jitter
