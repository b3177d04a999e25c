"""Random affine and elastic distortion of drawn signs, without mirroring, which makes other signs.

Affine as Koch, Zemel, Salakhutdinov 2015 (section 3.3) vary Omniglot, elastic as Simard,
Steinkraus, Platt 2003 vary digits: a coarse field of random displacements, made smooth. The area
outside the canvas has the value of paper.
"""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from training.serving_graph.normalise import to_channels_first


@dataclass(frozen=True)
class Warp:
    """The augmentation `warp`: draws a distortion for each image of a batch.

    Raises:
        ValueError: A value out of its range.
    """

    zoom: tuple[float, float] = (0.85, 1.15)  # Share of the canvas's side that is shown.
    shift: float = 0.06  # Maximum shift of the shown part, as a share of the canvas.
    rotation: float = 12  # Maximum rotation, in degrees, either way.
    shear: float = 0.2  # Maximum shear, as a tangent, either way.
    stretch: float = 0.15  # Maximum scaling of width against height, as a logarithm.
    elastic: float = 0.015  # Standard deviation of displacements, as a share of the canvas.
    knots: int = 4  # Displacements along each side; between them the field is smooth.
    paper: float = 255  # Pixel value outside the canvas, 0 … 255.

    def __post_init__(self) -> None:
        low, high = self.zoom
        if not 0 < low <= high:
            raise ValueError("zoom must be a rising pair of positive numbers")
        if min(self.shift, self.rotation, self.shear, self.stretch, self.elastic) < 0:
            raise ValueError("shift, rotation, shear, stretch and elastic must be at least 0")
        if self.knots < 2:  # noqa: PLR2004 (one at each end)
            raise ValueError("an elastic field needs at least 2 knots along each side")

    def __call__(self, canvas: Tensor, size: tuple[int, int], generator: Generator) -> Tensor:
        """Distort a batch: uint8 (N, H, W, C) to float32 (N, C, *size), 0 … 255.

        The generator is the batch's own, on the CPU.
        """
        pixels = to_channels_first(canvas) - self.paper  # Outside, grid_sample reads zeros.
        shape = [len(canvas), pixels.shape[1], *size]
        affine = self._affine(len(canvas), generator).to(canvas.device)
        grid = nn.functional.affine_grid(affine, shape, align_corners=False)
        if self.elastic:
            grid = grid + self._field(len(canvas), size, generator).to(canvas.device)
        shown = nn.functional.grid_sample(pixels, grid, align_corners=False)
        return (shown + self.paper).clamp(0, 255)

    def _affine(self, count: int, generator: Generator) -> Tensor:
        """Draw a map from the output to the canvas for each image, (N, 2, 3)."""

        def between(low: float, high: float) -> Tensor:
            return torch.rand(count, generator=generator) * (high - low) + low

        zoom, angle = between(*self.zoom), math.radians(self.rotation) * between(-1, 1)
        stretch, lean = between(-self.stretch, self.stretch).exp(), between(-1, 1) * self.shear
        # In the grid's units the canvas is 2 wide, so a share of it counts twice.
        x, y = (between(-2 * self.shift, 2 * self.shift) for _ in range(2))
        cos, sin = zoom * angle.cos(), zoom * angle.sin()
        # Rotation · shear · stretch: the columns of the product.
        left = torch.stack([cos * stretch, sin * stretch], dim=1)
        right = torch.stack([(cos * lean - sin) / stretch, (sin * lean + cos) / stretch], dim=1)
        return torch.stack([left, right, torch.stack([x, y], dim=1)], dim=2)

    def _field(self, count: int, size: tuple[int, int], generator: Generator) -> Tensor:
        """Draw smooth displacements in the grid's units, (N, *size, 2)."""
        coarse = torch.randn(count, 2, self.knots, self.knots, generator=generator)
        fine = nn.functional.interpolate(coarse, size, mode="bicubic", align_corners=True)
        return 2 * self.elastic * fine.permute(0, 2, 3, 1)


build = Warp
