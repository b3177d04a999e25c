"""Prototypes of classification losses: a learned vector for each identity, and imprinting.

Imprinting starts each prototype at the mean embedding of its identity (Qi, Brown, Lowe 2018,
section 3.2). It is used where a training starts from trained weights: the gradients of random
prototypes carry no information, and undo part of an encoder's training.
"""

import torch
from pytorch_metric_learning.losses import LargeMarginSoftmaxLoss
from torch import Tensor, nn

_SPREAD = 0.05
"""Initial standard deviation. Only a prototype's direction counts, and a step turns a short one
further: with the library's standard normal, length 11 at 128 dimensions, stochastic gradient
descent hardly moves it."""


def shorten_prototypes(loss: LargeMarginSoftmaxLoss) -> nn.Module:
    """Draw the prototypes of a new loss again, shorter than the library does."""
    nn.init.normal_(loss.W, std=_SPREAD)
    module: nn.Module = loss
    return module


def has_prototypes(loss: nn.Module) -> bool:
    """Check whether a loss has one prototype for each identity, as `cosface` and `arcface` do."""
    return isinstance(loss, LargeMarginSoftmaxLoss)


def imprint(loss: nn.Module, embeddings: Tensor, identities: Tensor) -> None:
    """Turn each prototype to the mean of its identity's embeddings, and keep its length.

    Args:
        loss: A loss; one without prototypes is left unchanged.
        embeddings: Float, (images, dim), of length 1.
        identities: Integers from 0, (images,); each prototype's identity is among them.
    """
    if not has_prototypes(loss):
        return
    prototypes: Tensor = loss.W  # type: ignore[assignment] # (dim, identities)
    sums = torch.zeros_like(prototypes.t()).index_add_(0, identities, embeddings)
    with torch.no_grad():
        prototypes.copy_(
            (nn.functional.normalize(sums, dim=1) * prototypes.norm(dim=0)[:, None]).t()
        )
