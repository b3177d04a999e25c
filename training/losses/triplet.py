"""Triplet loss with mining (Schroff, Kalenichenko, Philbin 2015, equations 1 and 4).

    L = max(0, E(a, p) - E(a, n) + m)

over triplets of an anchor, another image of its identity and one of another, with the L2 energy E.
The mean is over the triplets with a positive loss. The batch's triplets are mined:

- `all`: every triplet that violates the margin;
- `semihard`: of these, the triplets whose impostor is further than the genuine image (equation 4);
- `batch_hard`: for each anchor its furthest genuine and its nearest impostor image (Hermans, Beyer,
  Leibe 2017, equation 5).

Batches come from the sampler `pk`. The implementation is pytorch-metric-learning's.
"""

from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner, TripletMarginMiner
from torch import Tensor, nn

MININGS = ("all", "semihard", "batch_hard")


class MinedTriplets(nn.Module):
    """The loss over the triplets that mining keeps, with a margin m in the energy's units.

    Raises:
        ValueError: A margin that is not positive, or a mining that does not exist.
    """

    def __init__(self, margin: float = 0.2, mining: str = "semihard") -> None:
        super().__init__()
        if not margin > 0:
            raise ValueError("the margin must be positive")
        if mining not in MININGS:
            raise ValueError(f"there is no mining {mining}; there are: {', '.join(MININGS)}")
        energy = LpDistance(normalize_embeddings=False)
        self.loss = TripletMarginLoss(margin=margin, distance=energy)
        self.miner = (
            BatchHardMiner(distance=energy)
            if mining == "batch_hard"
            else TripletMarginMiner(margin=margin, type_of_triplets=mining, distance=energy)
        )

    def forward(self, embeddings: Tensor, identities: Tensor) -> Tensor:
        """Loss of a batch: embeddings (N, dim) and identities (N,) to a scalar."""
        loss: Tensor = self.loss(embeddings, identities, self.miner(embeddings, identities))
        return loss


build = MinedTriplets
