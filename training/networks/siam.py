"""siam (Zagoruyko, Komodakis 2015, section 3.1): two branches of the same weights, one decision.

Unlike an encoder it has no distance as its energy: a small network is trained to compare the two
feature vectors, which are concatenated in the order of the images.
"""

import torch
from torch import Tensor

from model.manifest import InputSpec
from training.networks._pair import PairNetwork, branch, decision, features_of


class Siam(PairNetwork):
    """E_W: the same branch over each image, and a decision on both features."""

    def __init__(self, spec: InputSpec, width: int = 32, hidden: int = 64) -> None:
        super().__init__(spec)
        self.branch = branch(spec.channels, width)
        features = features_of(self.branch, spec.channels, spec.height, spec.width)
        self.decision = decision(2 * features, hidden)

    def forward(self, image1: Tensor, image2: Tensor) -> Tensor:
        """Compare pairs: two of (N, C, H, W) to energies (N,)."""
        # In one batch, so that the batch's statistics are those of both sides.
        both = torch.stack([image1, image2])  # (2, N, C, H, W)
        features = self.branch(both.flatten(0, 1))  # (2 N, features)
        energies: Tensor = self.decision(torch.cat([*features.unflatten(0, (2, -1))], dim=1))
        return energies.squeeze(1)


build = Siam
