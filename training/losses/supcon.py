"""Supervised contrastive loss (Khosla et al. 2020, equation 2, L_out).

    L_i = -1/|P(i)| Σ_{p∈P(i)} log( e^{z_i·z_p / τ} / Σ_{a≠i} e^{z_i·z_a / τ} )

over unit vectors z, with P(i) the batch's other images of i's identity; the mean is over images
with a non-empty P(i). A batch needs several images of an identity, as the sampler `pk` draws them.
The implementation is pytorch-metric-learning's.
"""

from pytorch_metric_learning.losses import SupConLoss
from torch import nn


def build(temperature: float = 0.1) -> nn.Module:
    """Build the loss `supcon`: (embeddings (N, dim), identities (N,)) to a scalar.

    A smaller temperature τ gives the nearest impostors more weight.

    Raises:
        ValueError: A temperature that is not positive.
    """
    if not temperature > 0:
        raise ValueError("the temperature must be positive")
    loss: nn.Module = SupConLoss(temperature=temperature)
    return loss
