"""Prototypes that begin as the mean embeddings of their identities (Qi, Brown, Lowe 2018).

A classifier's loss with random prototypes sends a trained encoder gradients that mean nothing, and
undoes some of what it has learnt before the prototypes have found their places. So where a training
begins with trained weights, each prototype begins where its identity is ("weight imprinting",
section 3.2 of that paper).
"""

from __future__ import annotations

import torch
from pytorch_metric_learning.losses import LargeMarginSoftmaxLoss
from torch import Tensor, nn


def has_prototypes(loss: nn.Module) -> bool:
    """Whether a loss has one prototype for each identity, as `cosface` and `arcface` have."""
    return isinstance(loss, LargeMarginSoftmaxLoss)


def imprint(loss: nn.Module, embeddings: Tensor, identities: Tensor) -> None:
    """Turn each prototype to the mean of its identity's embeddings; its length stays.

    Args:
        loss: One that has prototypes; others are left alone.
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
