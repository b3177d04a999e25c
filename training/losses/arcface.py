"""ArcFace (Deng et al. 2019, equation 3): softmax over prototypes, with a margin of the angle.

    L = -log( e^{s cos(θ_y + m)} / (e^{s cos(θ_y + m)} + Σ_{j≠y} e^{s cos θ_j}) )

Where θ_y + m exceeds π the cosine would rise again; there it is cos θ_y - m sin m, as in the
authors' code. The implementation is pytorch-metric-learning's.
"""

import math

from pytorch_metric_learning.losses import ArcFaceLoss
from torch import nn

from training.losses._prototypes import shorten_prototypes


def build(dim: int, identities: int, margin: float = 0.3, scale: float = 24) -> nn.Module:
    """Build the loss `arcface`: (embeddings (N, dim), identities (N,)) to a scalar.

    The margin m is in radians, from 0 to less than π / 2; the scale s is the sharpness of the
    softmax, positive.

    Raises:
        ValueError: A margin or scale out of its range.
    """
    if not 0 <= margin < math.pi / 2 or not scale > 0:
        raise ValueError("the margin must lie in [0, π / 2), in radians, and the scale be positive")
    return shorten_prototypes(
        ArcFaceLoss(identities, dim, margin=math.degrees(margin), scale=scale)
    )
