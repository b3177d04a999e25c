"""The locator's network: a heat map of centres, and the square of each cell's thing.

After "Objects as Points" (Zhou, Wang and Krähenbühl 2019): each cell of a map of an eighth of the
input's size says how likely a thing's centre is in it, and where that thing's square would be.
"""

import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

STRIDE = 8
"""Pixels of the input in a cell of the map, each way."""
MULTIPLE = 32
"""The sides of an input are multiples of this."""
UNIT = 64.0
"""Side of a square, in pixels, whose logarithm counts as 0."""
OUTPUTS = 6
"""Score, offset of the centre (x, y), logarithm of the side, cosine and sine of the turn."""
_RARE = 0.01
"""The score that an untrained network gives each cell."""


class ConvolutionBlock(nn.Sequential):
    """A convolution, its batch norm and a rectifier."""

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1
    ) -> None:
        convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
        norm = nn.BatchNorm2d(outputs)
        super().__init__(convolution, norm, nn.ReLU(inplace=True))

    def folded(self) -> nn.Sequential:
        """The same in evaluation mode, with the batch norm folded into the convolution."""
        convolution: Any = self[0]
        norm: Any = self[1]
        return nn.Sequential(fuse_conv_bn_eval(convolution, norm), self[2])


class _Block(nn.Module):
    """A depthwise and a pointwise convolution (Howard et al. 2017), with a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            ConvolutionBlock(inputs, inputs, 3, stride, groups=inputs),
            ConvolutionBlock(inputs, outputs, 1),
        )
        self.is_residual = inputs == outputs and stride == 1

    def forward(self, maps: Tensor) -> Tensor:
        result: Tensor = self.body(maps)
        return maps + result if self.is_residual else result


def _stage(inputs: int, outputs: int, depth: int) -> nn.Sequential:
    further = [_Block(outputs, outputs) for _ in range(depth)]
    return nn.Sequential(_Block(inputs, outputs, 2), *further)


class LocatorNetwork(nn.Module):
    """Pixels, float32 (N, 3, H, W) in 0 … 255, to maps (N, 6, H / 8, W / 8): see `OUTPUTS`.

    H and W are multiples of 32.
    """

    def __init__(self, widths: tuple[int, int, int, int], depths: tuple[int, int, int]) -> None:
        super().__init__()
        self.stem = ConvolutionBlock(3, widths[0], 3, 2)
        self.quarter, self.eighth, self.sixteenth = (
            _stage(*wide, depth) for wide, depth in zip(pairwise(widths), depths, strict=True)
        )
        self.context = nn.Conv2d(widths[3], widths[2], 1)
        self.head = nn.Sequential(_Block(widths[2], widths[2]), nn.Conv2d(widths[2], OUTPUTS, 1))
        last: Any = self.head[-1]
        with torch.no_grad():
            last.weight.mul_(0.1)
            last.bias.zero_()
            last.bias[0] = math.log(_RARE / (1 - _RARE))
            last.bias[4] = 1.0

    def forward(self, pixels: Tensor) -> Tensor:
        """Map a batch of pictures."""
        fine = self.eighth(self.quarter(self.stem(pixels / 128 - 1)))
        wide = self.context(self.sixteenth(fine))
        wide = nn.functional.interpolate(wide, scale_factor=2.0, mode="nearest")
        maps: Tensor = self.head(fine + wide)
        return maps


def squares(maps: Tensor) -> Tensor:
    """Read the square of each cell: (N, 6, h, w) to (N, 5, h, w).

    Score in 0 … 1; centre x, y; vector u, v from the centre to the middle of the right edge; pixels
    of the input, in which the centre of the first pixel is (0.5, 0.5).
    """
    rows = torch.arange(maps.shape[2], device=maps.device, dtype=maps.dtype)
    columns = torch.arange(maps.shape[3], device=maps.device, dtype=maps.dtype)
    x = (columns[None, None, :] + 0.5 + maps[:, 1]) * STRIDE
    y = (rows[None, :, None] + 0.5 + maps[:, 2]) * STRIDE
    half = UNIT / 2 * maps[:, 3].clamp(-4, 4).exp()
    length = (maps[:, 4].square() + maps[:, 5].square() + 1e-6).sqrt()
    u, v = half * maps[:, 4] / length, half * maps[:, 5] / length
    return torch.stack([maps[:, 0].sigmoid(), x, y, u, v], dim=1)
