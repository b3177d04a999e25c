"""The loss of Chopra, Hadsell, LeCun 2005, equation 8.

    L(W, Y, X1, X2) = (1 - Y) · (2 / Q) · E² + Y · 2 Q · exp(-2.77 / Q · E)

with Y = 0 for a genuine and 1 for an impostor pair, E the L1 energy, and Q its upper bound. It
pulls genuine pairs together quadratically and pushes impostor pairs apart with a force that decays;
its minimum under the paper's Condition 1 lies where genuine energies are below impostor energies.

With `impostors="hinge"` the push is Y · (2 / Q) · max(0, Q - E)²: 2 Q at E = 0 as well, but 0 for
an impostor pair at Q or beyond, as in the margin loss of 2006.
"""

from typing import Literal

import torch
from torch import Tensor, nn

_DECAY = 2.77


class ExponentialLoss(nn.Module):
    """The paper's loss over consecutive pairs of a batch.

    Args:
        q: Upper bound of the energy, positive.
        impostors: Push of impostor pairs: `exponential`, as in the paper, or `hinge`.

    Raises:
        ValueError: `q` is not positive, or `impostors` is neither of the two.
    """

    reads_pairs = True

    def __init__(
        self, q: float, impostors: Literal["exponential", "hinge"] = "exponential"
    ) -> None:
        super().__init__()
        if not q > 0:
            raise ValueError("q, the upper bound of the energy, must be positive")
        if impostors not in {"exponential", "hinge"}:
            raise ValueError(f"impostors are pushed by `exponential` or `hinge`, not {impostors!r}")
        self.q, self.impostors = q, impostors

    def forward(self, embeddings: Tensor, identities: Tensor) -> Tensor:
        """Mean loss of a batch: embeddings (2 pairs, dim), identities (2 pairs,) to a scalar."""
        energy = (embeddings[0::2] - embeddings[1::2]).abs().sum(dim=1)
        impostor = identities[0::2] != identities[1::2]
        pull = 2 / self.q * energy.square()
        return torch.where(impostor, self._push(energy), pull).mean()

    def _push(self, energy: Tensor) -> Tensor:
        if self.impostors == "hinge":
            return 2 / self.q * (self.q - energy).clamp(min=0).square()
        return 2 * self.q * torch.exp(-_DECAY / self.q * energy)


build = ExponentialLoss
