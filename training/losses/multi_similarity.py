"""Multi-similarity loss (Wang et al. 2019, equations 7, 8 and 10).

    L_i = 1/α log(1 + Σ_{p} e^{-α (S_ip - λ)}) + 1/β log(1 + Σ_{n} e^{β (S_in - λ)})

S is the cosine. Mining keeps the genuine pairs (p) of an image that are less similar than its most
similar impostor pair plus ε, and the impostor pairs (n) that are more similar than its least
similar genuine pair minus ε. The mean is over all images of the batch, which the sampler `pk`
should draw. The implementation is pytorch-metric-learning's.
"""

from pytorch_metric_learning.losses import MultiSimilarityLoss
from pytorch_metric_learning.miners import MultiSimilarityMiner
from torch import Tensor, nn


class MinedMultiSimilarity(nn.Module):
    """The loss over the pairs that mining keeps.

    Args:
        alpha: α, the weight of genuine pairs; positive.
        beta: β, the weight of impostor pairs; positive.
        base: λ, the cosine that separates genuine from impostor pairs; between -1 and 1.
        epsilon: ε of the mining.

    Raises:
        ValueError: A weight that is not positive, or a base that is no cosine.
    """

    def __init__(
        self, alpha: float = 2, beta: float = 50, base: float = 0.5, epsilon: float = 0.1
    ) -> None:
        super().__init__()
        if not alpha > 0 or not beta > 0 or not -1 <= base <= 1:
            raise ValueError("alpha and beta must be positive, and base lie between -1 and 1")
        self.loss = MultiSimilarityLoss(alpha=alpha, beta=beta, base=base)
        self.miner = MultiSimilarityMiner(epsilon=epsilon)

    def forward(self, embeddings: Tensor, identities: Tensor) -> Tensor:
        """Loss of a batch: embeddings (N, dim) and identities (N,) to a scalar."""
        loss: Tensor = self.loss(embeddings, identities, self.miner(embeddings, identities))
        return loss


build = MinedMultiSimilarity
