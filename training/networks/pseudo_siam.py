"""pseudo-siam (Zagoruyko, Komodakis 2015, section 3.1): two branches whose weights are not shared.

It has more freedom than `siam`, and is as fast if the branches are equally wide.
"""

import torch
from torch import Tensor

from model.manifest import InputSpec
from training.networks._pair import PairNetwork, branch, decision, features_of


class PseudoSiam(PairNetwork):
    """E_W: a branch for each image, and a decision on both features."""

    def __init__(self, spec: InputSpec, width: int = 22, hidden: int = 96) -> None:
        super().__init__(spec)
        self.branch1 = branch(spec.channels, width)
        self.branch2 = branch(spec.channels, width)
        features = features_of(self.branch1, spec.channels, spec.height, spec.width)
        self.decision = decision(2 * features, hidden)

    def forward(self, image1: Tensor, image2: Tensor) -> Tensor:
        """Compare pairs: two of (N, C, H, W) to energies (N,)."""
        features = torch.cat([self.branch1(image1), self.branch2(image2)], dim=1)
        energies: Tensor = self.decision(features)
        return energies.squeeze(1)


build = PseudoSiam
