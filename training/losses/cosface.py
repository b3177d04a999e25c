"""CosFace (Wang et al. 2018, equation 4): softmax over one prototype for each identity.

    L = -log( e^{s (cos θ_y - m)} / (e^{s (cos θ_y - m)} + Σ_{j≠y} e^{s cos θ_j}) )

The implementation is pytorch-metric-learning's, but for where the prototypes begin. They are thrown
away after training: on unit vectors the L2 energy orders pairs exactly as the cosine does.
"""

from __future__ import annotations

from pytorch_metric_learning.losses import CosFaceLoss
from torch import nn

PROTOTYPE_SPREAD = 0.05
"""Only a prototype's direction counts, and a step turns a short one further: from the library's
start (a standard normal, length 11 at 128 dimensions) stochastic gradient descent hardly moves it.
"""


def build(dim: int, identities: int, margin: float = 0.2, scale: float = 24) -> nn.Module:
    """The loss `cosface`: (embeddings (N, dim), identities (N,)) to a scalar.

    Args:
        dim: Length of an embedding.
        identities: How many identities the training part has.
        margin: m, the cosine by which the right identity must lead; at least 0.
        scale: s, the sharpness of the softmax; positive.

    Raises:
        ValueError: A negative margin, or a scale that is not positive.
    """
    if margin < 0 or not scale > 0:
        raise ValueError("the margin must be at least 0 and the scale positive")
    loss: nn.Module = CosFaceLoss(identities, dim, margin=margin, scale=scale)
    nn.init.normal_(loss.W, std=PROTOTYPE_SPREAD)  # type: ignore[arg-type]
    return loss
