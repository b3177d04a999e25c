"""2ch-2stream (Zagoruyko, Komodakis 2015, section 3.2): centre and surround, each two channels.

One stream sees the central half of both images at full resolution, the other all of both at half
the resolution.
"""

import torch
from torch import Tensor, nn

from model.manifest import InputSpec
from training.networks._pair import PairNetwork, branch, decision, features_of


class TwoChannelTwoStream(PairNetwork):
    """E_W: a central and a surround stream over the stacked images, and a decision on both."""

    def __init__(self, spec: InputSpec, width: int = 22, hidden: int = 96) -> None:
        super().__init__(spec)
        channels = 2 * spec.channels
        # Each stream's input has half the side: a first stride of 1 gives maps of the size that the
        # other networks have after their stride of 2.
        self.centre = branch(channels, width, stride=1)
        self.surround = branch(channels, width, stride=1)
        self.height, self.width = spec.height // 2, spec.width // 2
        features = features_of(self.centre, channels, self.height, self.width)
        self.decision = decision(2 * features, hidden)

    def forward(self, image1: Tensor, image2: Tensor) -> Tensor:
        """Compare pairs: two of (N, C, H, W) to energies (N,)."""
        stacked = torch.cat([image1, image2], dim=1)  # (N, 2 C, H, W)
        features = torch.cat(
            [self.centre(self.middle(stacked)), self.surround(self.halved(stacked))], dim=1
        )
        energies: Tensor = self.decision(features)
        return energies.squeeze(1)

    def middle(self, images: Tensor) -> Tensor:
        """Crop the central half of each side."""
        top = (images.shape[-2] - self.height) // 2
        left = (images.shape[-1] - self.width) // 2
        return images[..., top : top + self.height, left : left + self.width]

    def halved(self, images: Tensor) -> Tensor:
        """Halve the resolution; the last line of an odd side is dropped."""
        return nn.functional.avg_pool2d(images, 2)


build = TwoChannelTwoStream
