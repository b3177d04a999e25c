"""Random numbers for a batch of scenes, and the squares that things are placed in."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Placed:
    """Squares in scenes, one in each: centre, side and turn, (N,); `mirrored` is -1 or 1."""

    x: Tensor
    y: Tensor
    side: Tensor
    turn: Tensor
    mirrored: Tensor

    def take(self, rows: Tensor) -> Placed:
        """Select some squares."""
        values = (self.x, self.y, self.side, self.turn, self.mirrored)
        return Placed(*(value[rows] for value in values))

    def positions(self, canvas: int) -> Tensor:
        """Position in the square of each pixel of the scene, (N, canvas, canvas, 2), x and y.

        -1 and 1 are the square's edges: the coordinates of `grid_sample` without `align_corners`.
        """
        pixel = torch.arange(canvas) + 0.5
        across = pixel[None, None, :] - self.x[:, None, None]
        down = pixel[None, :, None] - self.y[:, None, None]
        scale = (2 / self.side)[:, None, None]
        cos = self.turn.cos()[:, None, None] * scale
        sin = self.turn.sin()[:, None, None] * scale
        right = (across * cos + down * sin) * self.mirrored[:, None, None]
        return torch.stack([right, down * cos - across * sin], dim=3)


class Draw:
    """Random numbers for each scene of a batch, from one generator."""

    def __init__(self, count: int, generator: Generator) -> None:
        self._count, self.generator = count, generator

    def of(self, count: int) -> Draw:
        """Draw for another number of scenes."""
        return Draw(count, self.generator)

    def between(self, low: float, high: float) -> Tensor:
        """Draw numbers between two limits, (N,)."""
        return low + (high - low) * torch.rand(self._count, generator=self.generator)

    def whether(self, share: float) -> Tensor:
        """Draw 1 with a chance, else 0, (N,)."""
        return (self.between(0, 1) < share).float()

    def sign(self) -> Tensor:
        """Draw 1 or -1, (N,)."""
        return 1 - 2 * self.whether(0.5)

    def below(self, limit: int) -> Tensor:
        """Draw whole numbers from 0 to below a limit, (N,)."""
        return torch.randint(limit, (self._count,), generator=self.generator)
