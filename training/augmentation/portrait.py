"""The variations of `jitter`, and those of portraits: cameras, side light, and surroundings.

A crop that is cut around a located face may reach beyond the picture, where it has one grey; and
the pictures of one camera share its sharpness, its light and its background. None of these says
who is shown, so a share of the images loses them.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor, nn

from training.augmentation.jitter import Jitter

_MIDDLE_GREY = 128.0
"""Pixel value beyond a picture, as `model.locating.cutting` has it."""
_DRAWS = 12
_ROUND, _SQUARE = 2.5, 16.0
"""Exponents of the outline: nearly an ellipse, nearly a rectangle (superellipses)."""


@dataclass(frozen=True)
class Portrait:
    """The augmentation `portrait`: draws a variation for each image of a batch.

    Raises:
        ValueError: A range that is not rising, or a probability outside 0 … 1.
    """

    jitter: dict[str, float | list[float]] = field(default_factory=dict)  # Options of `jitter`.
    surround: float = 0.3  # Probability that what is beyond an outline has one grey.
    # Half sides of the outline, in half sides of the image: minimum and maximum.
    outline: tuple[float, float] = (0.7, 1.1)
    soft: float = 0.25  # Probability of a lower resolution.
    light: float = 0.3  # Probability of a gradient of light and another gamma.
    gradient: float = 0.7  # Maximum of the gradient's logarithm at the rim.
    gamma: float = 0.4  # Maximum of the exponent's logarithm, either way.

    def __post_init__(self) -> None:
        low, high = self.outline
        if not 0 < low <= high or min(self.gradient, self.gamma) < 0:
            raise ValueError("outline must be a rising pair, gradient and gamma at least 0")
        if not all(0 <= share <= 1 for share in (self.surround, self.soft, self.light)):
            raise ValueError("surround, soft and light are shares between 0 and 1")
        Jitter(**self.jitter)  # type: ignore[arg-type]

    def __call__(self, canvas: Tensor, size: tuple[int, int], generator: Generator) -> Tensor:
        """Vary a batch: uint8 (N, H, W, C) to float32 (N, C, *size), 0 … 255.

        The generator is the batch's own, on the CPU.
        """
        jitter = Jitter(**self.jitter)  # type: ignore[arg-type]
        pixels = jitter(canvas, size, generator)
        numbers = torch.rand(_DRAWS, len(canvas), generator=generator).to(canvas.device)
        choice, rest = numbers[:3], numbers[3:, :, None, None, None]
        for share, chance, vary in (
            (self.light, choice[0], self._lit),
            (self.soft, choice[1], _softened),
            (self.surround, choice[2], self._surrounded),
        ):
            (rows,) = torch.nonzero(chance < share, as_tuple=True)
            if len(rows):
                pixels[rows] = vary(pixels[rows], rest[:, rows])
        return pixels

    def _lit(self, pixels: Tensor, numbers: Tensor) -> Tensor:
        """Light images of 0 … 255, (N, C, H, W), from a side, and change their gamma."""
        angle, steep, gamma = 2 * math.pi * numbers[0], self.gradient * numbers[1], numbers[2]
        across, down = _axes(pixels)
        field = (steep * (angle.cos() * across + angle.sin() * down)).exp()
        shares = (pixels / 255 * field).clamp(1e-4, 1)
        result: Tensor = 255 * shares ** ((2 * gamma - 1) * self.gamma).exp()
        return result

    def _surrounded(self, pixels: Tensor, numbers: Tensor) -> Tensor:
        """Give one grey to what is beyond an outline, of images of 0 … 255, (N, C, H, W)."""
        low, high = self.outline
        width, height = (low + (high - low) * part for part in numbers[3:5])
        power = torch.where(numbers[5] < 0.5, _ROUND, _SQUARE)  # noqa: PLR2004 (a half each)
        grey = torch.where(numbers[6] < 0.5, _MIDDLE_GREY, 255 * numbers[7])  # noqa: PLR2004
        across, down = (axis.abs() for axis in _axes(pixels))
        beyond = (across / width) ** power + (down / height) ** power > 1
        return torch.where(beyond, grey, pixels)


def _axes(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Position of each pixel from -1 to 1: across (1, 1, 1, W) and down (1, 1, H, 1)."""
    height, width = pixels.shape[2:]
    across = torch.linspace(-1, 1, width, device=pixels.device)[None, None, None, :]
    down = torch.linspace(-1, 1, height, device=pixels.device)[None, None, :, None]
    return across, down


def _softened(pixels: Tensor, numbers: Tensor) -> Tensor:
    """Take images of 0 … 255, (N, C, H, W), part of the way to half of their resolution."""
    half = nn.functional.avg_pool2d(pixels, 2)
    soft = nn.functional.interpolate(half, pixels.shape[2:], mode="bilinear")
    return pixels + numbers[8] * (soft - pixels)


build = Portrait
