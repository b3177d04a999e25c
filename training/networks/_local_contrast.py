"""Local contrast normalisation in front of a network, which removes most of what light changes.

The logarithm makes shading additive (Land, McCann 1971); its mean in a window is subtracted and the
rest is divided by its standard deviation there (Jarrett et al. 2009, section 2). A gradient of
light, an exposure or a smooth shadow is nearly constant in a window, and disappears.
"""

import torch
from torch import Tensor, nn

_DARKEST = 0.03
"""Added to pixels of 0 … 1 before the logarithm, so that noise in the dark stays small."""
_FLOOR = 0.15
"""Added to the standard deviation: areas without contrast stay flat."""
_WINDOW = 5
"""Side of the window, in cells of `cell` pixels."""


class LocalContrast(nn.Module):
    """Local contrast of an image: float (N, C, H, W) in -1 … 1 to (N, C, H, W), around 0.

    Means are taken in cells and then over windows of cells, and interpolated between them: a tenth
    of the time of a window around each pixel.

    Args:
        cell: Side of a cell, in pixels.
        keep: Return the image too, in front: (N, 2 C, H, W).
    """

    def __init__(self, cell: int, *, keep: bool = False) -> None:
        super().__init__()
        self.keep = keep
        self.cells = nn.AvgPool2d(cell)
        self.windows = nn.AvgPool2d(_WINDOW, 1, _WINDOW // 2, count_include_pad=False)

    def forward(self, images: Tensor) -> Tensor:
        """Normalise a batch."""
        pixels = images.float().contiguous()
        light = ((pixels + 1) / 2 + _DARKEST).clamp_min(_DARKEST).log()
        around = light - self._mean(light)
        contrast: Tensor = around / (self._mean(around.square()).clamp_min(1e-6).sqrt() + _FLOOR)
        return torch.cat([pixels, contrast], dim=1) if self.keep else contrast

    def _mean(self, values: Tensor) -> Tensor:
        coarse = self.windows(self.cells(values))
        return nn.functional.interpolate(coarse, values.shape[2:], mode="bilinear")
