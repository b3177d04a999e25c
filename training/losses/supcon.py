"""Supervised contrastive loss (Khosla et al. 2020, equation 2, L_out).

    L_i = -1/|P(i)| Σ_{p∈P(i)} log( e^{z_i·z_p / τ} / Σ_{a≠i} e^{z_i·z_a / τ} )

over unit vectors z, P(i) the batch's other images of i's identity; the mean is over the images that
have such. It needs several images of an identity in a batch: the sampler `pk` puts them there. The
implementation is pytorch-metric-learning's.
"""

from __future__ import annotations

from pytorch_metric_learning.losses import SupConLoss
from torch import nn


def build(temperature: float = 0.1) -> nn.Module:
    """The loss `supcon`: (embeddings (N, dim), identities (N,)) to a scalar.

    Args:
        temperature: τ, positive; the smaller, the more the nearest impostors count.

    Raises:
        ValueError: A temperature that is not positive.
    """
    if not temperature > 0:
        raise ValueError("the temperature must be positive")
    loss: nn.Module = SupConLoss(temperature=temperature)
    return loss
