"""Within-class covariance normalisation (WCCN) at the end of an encoder (decision 12).

Embeddings are multiplied by W^(-1/2), where W is the mean covariance of an identity's embeddings
around their own mean (Hatch, Kajarekar, Stolcke 2006, equations 5 to 7), so that the variance
within identities is the same in all directions. W is estimated on the training identities and
shrunk towards a multiple of the identity matrix: (1 - s) W + s tr(W)/dim I.

The weights "plda" are those of the cross term in the log likelihood ratio of two embeddings x and
y, v/(1 + 2v) x y for a direction in which the identities' means have the variance v (probabilistic
LDA: Ioffe 2006; Prince and Elder 2007; both kinds of variation normal). The ratio's other terms
are left out, since an L2 energy of embeddings of length 1 cannot express them.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.config.sections import DirectionWeights
from training.errors import ConfigError

_FLOOR = 1e-6
"""Minimum variance of a direction, as a share of the mean variance."""

Matrix = NDArray[np.float64]


class WhitenedEncoder(nn.Module):
    """An encoder whose embeddings are multiplied by a matrix and scaled to length 1."""

    def __init__(self, encoder: nn.Module, dim: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.whitening = nn.Parameter(torch.eye(dim))

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, C, H, W) to (N, dim), each row of length 1."""
        return nn.functional.normalize(self.encoder(images) @ self.whitening, dim=1)

    def set_matrix(self, matrix: Matrix) -> None:
        """Set the matrix, (dim, dim), that embeddings are multiplied by from the right."""
        with torch.no_grad():
            self.whitening.copy_(torch.from_numpy(matrix))


def measured_whitening(
    embeddings: NDArray[np.float32],
    labels: NDArray[np.int64],
    shrinkage: float,
    weights: DirectionWeights,
) -> Matrix:
    """Matrix that whitens embeddings from the right, (dim, dim).

    It is estimated from embeddings, (images, dim), and the identity of each image, (images,).

    Raises:
        ConfigError: No identity has two images; or, with weights, only one has, or identities
            differ no more than the images of one.
    """
    within = within_class_covariance(embeddings, labels)
    if weights == "equal":
        return whitening_matrix(within, shrinkage)
    between = between_class_covariance(embeddings, labels, within)
    return whitening_matrix(within, shrinkage, between)


def within_class_covariance(embeddings: NDArray[np.float32], labels: NDArray[np.int64]) -> Matrix:
    """Mean covariance of an identity's embeddings around their own mean, (dim, dim).

    An identity of n images has the weight n - 1.

    Raises:
        ConfigError: No identity has two images.
    """
    means, identity, counts = _means(embeddings, labels)
    freedom = len(labels) - len(counts)
    if freedom == 0:
        raise ConfigError("whitening needs training identities with two images or more; leave it")
    around = embeddings - means[identity]
    covariance: Matrix = around.T @ around / freedom
    return covariance


def between_class_covariance(
    embeddings: NDArray[np.float32], labels: NDArray[np.int64], within: Matrix
) -> Matrix:
    """Covariance of the identities' means, corrected for their few images, (dim, dim).

    The mean of n images has an n-th of `within`, their within-class covariance, as its own. All
    identities have the same weight. Where they hardly differ a variance may be negative.

    Raises:
        ConfigError: There is only one identity.
    """
    means, _, counts = _means(embeddings, labels)
    if len(counts) == 1:
        raise ConfigError(
            "only one training identity has two images or more, so the variance between "
            "identities is unknown: set whitening_weights=equal"
        )
    covariance: Matrix = np.cov(means.T) - within * np.mean(1 / counts)
    return covariance


def whitening_matrix(within: Matrix, shrinkage: float, between: Matrix | None = None) -> Matrix:
    """Symmetric inverse square root of a shrunk covariance, (dim, dim).

    Args:
        within: Covariance within identities, (dim, dim).
        shrinkage: s: 0 for the covariance itself, 1 for a multiple of the identity matrix.
        between: Covariance of the identities' means, (dim, dim), if directions are weighted by the
            cross term of probabilistic LDA; one in which identities do not differ has the weight 0.

    Returns:
        (dim, dim), scaled so that its largest factor on a vector is 1.

    Raises:
        ConfigError: Identities differ in no direction.
    """
    level = np.trace(within) / len(within)
    shrunk = (1 - shrinkage) * within + shrinkage * level * np.eye(len(within))
    variances, axes = np.linalg.eigh(shrunk)
    matrix: Matrix = (axes * np.maximum(variances, _FLOOR * level) ** -0.5) @ axes.T
    if between is not None:
        matrix = _weighted(matrix, between)
    scaled: Matrix = matrix / np.linalg.norm(matrix, 2)
    return scaled


def _weighted(whitening: Matrix, between: Matrix) -> Matrix:
    ratios, directions = np.linalg.eigh(whitening @ between @ whitening)
    ratios = np.maximum(ratios, 0)
    if not ratios.any():
        raise ConfigError(
            "the training identities lie no further apart than their own images: train longer, or "
            "set whitening_weights=equal"
        )
    weighted: Matrix = whitening @ (directions * np.sqrt(ratios / (1 + 2 * ratios))) @ directions.T
    return weighted


def _means(
    embeddings: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[Matrix, NDArray[np.int64], NDArray[np.int64]]:
    """Mean of each identity, the identity of each image, and images of each identity."""
    _, identity, counts = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), embeddings.shape[1]))
    np.add.at(sums, identity, embeddings)
    return sums / counts[:, np.newaxis], identity, counts
