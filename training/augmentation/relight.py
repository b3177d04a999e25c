"""The variations of `jitter`, under a lamp at a random place: gradients, soft shadows, exposure.

Light multiplies what a surface reflects. The field is an exponential of a gradient in a random
direction and of smooth waves, darkened beyond a soft edge in some images; its greatest value is
1, so that light is taken away and then exposed anew, with a random gamma.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor, nn

from training.augmentation.jitter import Jitter

_KNOTS = 4
"""Random values along each side of the field; between them it is smooth."""


@dataclass(frozen=True)
class Relight:
    """The augmentation `relight`: draws a variation and a light for each image of a batch.

    Raises:
        ValueError: A range that is not rising, or a negative strength.
    """

    jitter: dict[str, float | list[float]] = field(default_factory=dict)  # Options of `jitter`.
    share: float = 0.8  # Probability that an image is lit anew.
    gradient: float = 1.2  # Maximum of the gradient's logarithm at the rim.
    waves: float = 0.4  # Standard deviation of the waves' logarithm.
    shadow: float = 0.3  # Probability of a shadow, of the images that are lit anew.
    gamma: float = 0.35  # Maximum of the exponent's logarithm, either way.

    def __post_init__(self) -> None:
        if min(self.gradient, self.waves, self.gamma) < 0:
            raise ValueError("gradient, waves and gamma must be at least 0")
        if not all(0 <= share <= 1 for share in (self.share, self.shadow)):
            raise ValueError("share and shadow are shares between 0 and 1")
        Jitter(**self.jitter)  # type: ignore[arg-type]

    def __call__(self, canvas: Tensor, size: tuple[int, int], generator: Generator) -> Tensor:
        """Vary a batch: uint8 (N, H, W, C) to float32 (N, C, *size), 0 … 255.

        The generator is the batch's own, on the CPU.
        """
        jitter = Jitter(**self.jitter)  # type: ignore[arg-type]
        pixels = jitter(canvas, size, generator)
        numbers = torch.rand(8, len(canvas), generator=generator).to(canvas.device)
        waves = torch.randn(len(canvas), 1, _KNOTS, _KNOTS, generator=generator)
        lit = self._lit(pixels / 255, numbers, waves.to(canvas.device))
        chosen = (numbers[0] < self.share)[:, None, None, None]
        return torch.where(chosen, 255 * lit.clamp(0, 1), pixels)

    def _lit(self, pixels: Tensor, numbers: Tensor, waves: Tensor) -> Tensor:
        """Light images of 0 … 1, (N, C, H, W), by random numbers, (8, N), and waves."""
        _, angle, steep, shadow, edge, soft, gamma, exposure = numbers[..., None, None, None]
        height, width = pixels.shape[2:]
        rows = torch.linspace(-1, 1, height, device=pixels.device)[None, None, :, None]
        columns = torch.linspace(-1, 1, width, device=pixels.device)[None, None, None, :]
        along = (2 * math.pi * angle).cos() * columns + (2 * math.pi * angle).sin() * rows
        smooth = nn.functional.interpolate(
            waves, (height, width), mode="bicubic", align_corners=True
        )
        light = (self.gradient * steep * along + self.waves * smooth).exp()
        beyond = torch.sigmoid((along * torch.sign(edge - 0.5) + edge) / (0.03 + 0.3 * soft))
        light = light * torch.where(shadow < self.shadow, 0.1 + 0.9 * beyond, 1.0)
        exposed = pixels * light / light.amax((2, 3), keepdim=True) * (0.7 + 1.3 * exposure)
        gammas: Tensor = exposed.clamp_min(1e-4) ** ((2 * gamma - 1) * self.gamma).exp()
        return gammas


build = Relight
