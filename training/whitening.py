"""Within-class covariance normalisation (WCCN) at the end of an encoder.

How photographs of one person differ is not alike in all directions of the embedding: what pose and
light do shows in some of them, and there a difference says little. WCCN (Hatch, Kajarekar, Stolcke
2006, equations 5 to 7) multiplies embeddings by W^(-1/2), where W is the mean covariance of an
identity's embeddings around their own mean, so that the spread is the same in all directions. W is
measured on the training identities. Of few of them it is a poor estimate, and is drawn towards a
multiple of the identity matrix: (1 - s) W + s tr(W)/dim I.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.errors import ConfigError

_FLOOR = 1e-6
"""Least variance of a direction, as a share of the mean one: what never varied is no evidence."""


class WhitenedEncoder(nn.Module):
    """An encoder whose embeddings are multiplied by a matrix and brought back to length 1."""

    def __init__(self, encoder: nn.Module, dim: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.whitening = nn.Parameter(torch.eye(dim))

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, C, H, W) to (N, dim), each row of length 1."""
        return nn.functional.normalize(self.encoder(images) @ self.whitening, dim=1)

    def set_matrix(self, matrix: NDArray[np.float64]) -> None:
        """Take W^(-1/2), (dim, dim)."""
        with torch.no_grad():
            self.whitening.copy_(torch.from_numpy(matrix))


def within_class_covariance(
    embeddings: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The mean covariance of an identity's embeddings around their own mean.

    Args:
        embeddings: float32, (images, dim).
        labels: The identity of each, int64, (images,).

    Returns:
        (dim, dim). An identity counts by its images but one; those with one count nothing.

    Raises:
        ConfigError: No identity has two images.
    """
    _, identity, counts = np.unique(labels, return_inverse=True, return_counts=True)
    freedom = len(labels) - len(counts)
    if freedom == 0:
        raise ConfigError("whitening needs training identities with two images or more; leave it")
    means = np.zeros((len(counts), embeddings.shape[1]))
    np.add.at(means, identity, embeddings)
    around = embeddings - (means / counts[:, np.newaxis])[identity]
    covariance: NDArray[np.float64] = around.T @ around / freedom
    return covariance


def whitening_matrix(covariance: NDArray[np.float64], shrinkage: float) -> NDArray[np.float64]:
    """The symmetric inverse square root of a covariance drawn towards one variance.

    Args:
        covariance: (dim, dim).
        shrinkage: 0 for the covariance itself, 1 for a multiple of the identity matrix.

    Returns:
        (dim, dim), scaled so that its largest factor is 1.
    """
    level = np.trace(covariance) / len(covariance)
    drawn = (1 - shrinkage) * covariance + shrinkage * level * np.eye(len(covariance))
    variances, directions = np.linalg.eigh(drawn)
    factors = np.maximum(variances, _FLOOR * level) ** -0.5
    matrix: NDArray[np.float64] = (directions * (factors / factors.max())) @ directions.T
    return matrix
