"""Within-class covariance normalisation (WCCN) at the end of an encoder.

How photographs of one person differ is not alike in all directions of the embedding: what pose and
light do shows in some of them, and there a difference says little. WCCN (Hatch, Kajarekar, Stolcke
2006, equations 5 to 7) multiplies embeddings by W^(-1/2), where W is the mean covariance of an
identity's embeddings around their own mean, so that the spread is the same in all directions. W is
measured on the training identities. Of few of them it is a poor estimate, and is drawn towards a
multiple of the identity matrix: (1 - s) W + s tr(W)/dim I.

Directions that are alike within identities need not tell as much between them. Where both kinds of
difference are normal, an identity's mean having the variance v in a direction of within-identity
variance 1, the log likelihood ratio of two embeddings x and y of one identity rises by
v/(1 + 2v) x y (probabilistic LDA: Ioffe 2006; Prince and Elder 2007): a direction's weight by
"plda". The ratio's other terms are left out, for embeddings of length 1 with an L2 energy have
no place for them.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.config.sections import DirectionWeights
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
        """Take a matrix, (dim, dim), that embeddings are multiplied by from the right."""
        with torch.no_grad():
            self.whitening.copy_(torch.from_numpy(matrix))


def measured_whitening(
    embeddings: NDArray[np.float32],
    labels: NDArray[np.int64],
    shrinkage: float,
    weights: DirectionWeights,
) -> NDArray[np.float64]:
    """The matrix that whitens embeddings as those of these identities say.

    Args:
        embeddings: float32, (images, dim).
        labels: The identity of each, int64, (images,).
        shrinkage: How far the covariance is drawn towards one variance, 0 to 1.
        weights: What a whitened direction counts.

    Returns:
        (dim, dim), to multiply embeddings by from the right.

    Raises:
        ConfigError: No identity has two images, or, weighted, there is one alone, or they lie no
            further apart than their own images.
    """
    within = within_class_covariance(embeddings, labels)
    if weights == "equal":
        return whitening_matrix(within, shrinkage)
    between = between_class_covariance(embeddings, labels, within)
    return weighted_whitening_matrix(within, between, shrinkage)


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
    means, identity, counts = _means(embeddings, labels)
    freedom = len(labels) - len(counts)
    if freedom == 0:
        raise ConfigError("whitening needs training identities with two images or more; leave it")
    around = embeddings - means[identity]
    covariance: NDArray[np.float64] = around.T @ around / freedom
    return covariance


def between_class_covariance(
    embeddings: NDArray[np.float32], labels: NDArray[np.int64], within: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The covariance of the identities' means, less what it owes to their having few images.

    Args:
        embeddings: float32, (images, dim).
        labels: The identity of each, int64, (images,); two identities at least.
        within: Their within-class covariance, (dim, dim): the mean of n images strays from that
            of all there could be by an n-th of it.

    Returns:
        (dim, dim). An identity counts as much as any other. Where they hardly differ a variance may
        be negative.

    Raises:
        ConfigError: There is one identity alone.
    """
    means, _, counts = _means(embeddings, labels)
    if len(counts) == 1:
        raise ConfigError(
            "one training identity alone has two images or more, and cannot say how identities "
            "differ: set whitening_weights=equal"
        )
    covariance: NDArray[np.float64] = np.cov(means.T) - within * np.mean(1 / counts)
    return covariance


def whitening_matrix(covariance: NDArray[np.float64], shrinkage: float) -> NDArray[np.float64]:
    """The symmetric inverse square root of a covariance drawn towards one variance.

    Args:
        covariance: (dim, dim).
        shrinkage: 0 for the covariance itself, 1 for a multiple of the identity matrix.

    Returns:
        (dim, dim), scaled so that its largest factor is 1.
    """
    return _scaled(_inverse_root(covariance, shrinkage))


def weighted_whitening_matrix(
    within: NDArray[np.float64], between: NDArray[np.float64], shrinkage: float
) -> NDArray[np.float64]:
    """A whitening matrix whose directions count by the cross term of probabilistic LDA.

    Args:
        within: The covariance within identities, (dim, dim).
        between: That of the identities' means, (dim, dim).
        shrinkage: How far the first is drawn towards one variance, 0 to 1.

    Returns:
        (dim, dim), scaled so that its largest factor is 1. A direction in which identities do not
        differ is left out.

    Raises:
        ConfigError: They differ in none.
    """
    whitening = _inverse_root(within, shrinkage)
    ratios, directions = np.linalg.eigh(whitening @ between @ whitening)
    ratios = np.maximum(ratios, 0)
    if not ratios.any():
        raise ConfigError(
            "the training identities lie no further apart than their own images: train longer, or "
            "set whitening_weights=equal"
        )
    weights = np.sqrt(ratios / (1 + 2 * ratios))
    return _scaled(whitening @ (directions * weights) @ directions.T)


def _means(
    embeddings: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Each identity's mean, whose image each is, and how many images an identity has."""
    _, identity, counts = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), embeddings.shape[1]))
    np.add.at(sums, identity, embeddings)
    return sums / counts[:, np.newaxis], identity, counts


def _inverse_root(covariance: NDArray[np.float64], shrinkage: float) -> NDArray[np.float64]:
    level = np.trace(covariance) / len(covariance)
    drawn = (1 - shrinkage) * covariance + shrinkage * level * np.eye(len(covariance))
    variances, directions = np.linalg.eigh(drawn)
    factors = np.maximum(variances, _FLOOR * level) ** -0.5
    matrix: NDArray[np.float64] = (directions * factors) @ directions.T
    return matrix


def _scaled(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divided by its largest factor on a vector."""
    scaled: NDArray[np.float64] = matrix / np.linalg.norm(matrix, 2)
    return scaled
