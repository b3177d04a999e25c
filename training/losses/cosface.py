"""CosFace (Wang et al. 2018, equation 4): softmax over one prototype for each identity.

    L = -log( e^{s (cos θ_y - m)} / (e^{s (cos θ_y - m)} + Σ_{j≠y} e^{s cos θ_j}) )

The implementation is pytorch-metric-learning's. The prototypes are discarded after training: on
unit vectors the L2 energy orders pairs exactly as the cosine does.
"""

from pytorch_metric_learning.losses import CosFaceLoss
from torch import nn

from training.losses._prototypes import shorten_prototypes


def build(dim: int, identities: int, margin: float = 0.2, scale: float = 24) -> nn.Module:
    """Build the loss `cosface`: (embeddings (N, dim), identities (N,)) to a scalar.

    The margin m is the cosine by which the right identity must lead, at least 0; the scale s is the
    sharpness of the softmax, positive.

    Raises:
        ValueError: A negative margin, or a scale that is not positive.
    """
    if margin < 0 or not scale > 0:
        raise ValueError("the margin must be at least 0 and the scale positive")
    return shorten_prototypes(CosFaceLoss(identities, dim, margin=margin, scale=scale))
