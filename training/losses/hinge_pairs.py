"""The hinge of Zagoruyko, Komodakis 2015, equation 1, over pairs.

    min_w  (λ / 2) ‖w‖² + Σ max(0, 1 − y · o)

with y = +1 for a genuine and −1 for an impostor pair and o the network's output, which is large for
genuine pairs. Our energy is small for them, E = −o, and our labels are 0 and 1: the terms become
max(0, 1 + E) for a genuine and max(0, 1 − E) for an impostor pair. The weight decay λ is the
optimiser's, and the sum is a mean, so that the batch size does not change the learning rate.
"""

from torch import Tensor, nn


class HingePairsLoss(nn.Module):
    """Mean hinge of a batch of pairs.

    The margin is the distance from 0 that an energy needs on its side, 1 in the paper.

    Raises:
        ValueError: `margin` is not positive.
    """

    reads_energies = True

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__()
        if not margin > 0:
            raise ValueError("margin must be positive")
        self.margin = margin

    def forward(self, energies: Tensor, labels: Tensor) -> Tensor:
        """Mean loss of a batch: energies (pairs,), labels (pairs,) of 0 and 1 to a scalar."""
        side = 1 - 2 * labels.to(energies.dtype)  # +1 for genuine, -1 for impostor pairs
        return (self.margin + side * energies).clamp(min=0).mean()


build = HingePairsLoss
