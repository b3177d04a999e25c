"""2ch (Zagoruyko, Komodakis 2015, section 3.1): the two images are the channels of one.

The first layer already sees both, so that details are compared before any are discarded. But no
image has an embedding, and each pair is run through the whole network.
"""

import torch
from torch import Tensor

from model.manifest import InputSpec
from training.networks._pair import PairNetwork, branch, decision, features_of


class TwoChannel(PairNetwork):
    """E_W: one branch over the stacked images, and a decision."""

    def __init__(self, spec: InputSpec, width: int = 32, hidden: int = 128) -> None:
        super().__init__(spec)
        channels = 2 * spec.channels
        self.branch = branch(channels, width)
        features = features_of(self.branch, channels, spec.height, spec.width)
        self.decision = decision(features, hidden)

    def forward(self, image1: Tensor, image2: Tensor) -> Tensor:
        """Compare pairs: two of (N, C, H, W) to energies (N,)."""
        stacked = torch.cat([image1, image2], dim=1)  # (N, 2 C, H, W)
        energies: Tensor = self.decision(self.branch(stacked))
        return energies.squeeze(1)


build = TwoChannel
