"""Signs that a training has gone wrong, said while something can still be done."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from training.errors import CollapsedError, DivergedError

COLLAPSED_SPREAD = 1e-3
"""Spread of the embeddings, relative to their length, under which they count as one point."""


def check_loss(loss: float, epoch: int, learning_rate: float) -> None:
    """Check the loss of a step.

    Raises:
        DivergedError: It is not a finite number.
    """
    if not math.isfinite(loss):
        raise DivergedError(
            f"the loss became {loss} in epoch {epoch + 1} at a learning rate of "
            f"{learning_rate:.3g}; the last checkpoint is good: lower learning_rate and train again"
        )


def check_finite(embeddings: NDArray[np.float32]) -> None:
    """Check that every embedding is a vector of finite numbers.

    Raises:
        DivergedError: One is not.
    """
    if not np.isfinite(embeddings).all():
        raise DivergedError(
            "an embedding is not finite; the last checkpoint is good: lower learning_rate and "
            "train again"
        )


def check_spread(embeddings: NDArray[np.float32]) -> None:
    """Check that different images get different embeddings.

    Args:
        embeddings: Of the calibration images, (images, dim).

    Raises:
        DivergedError: An embedding is not finite.
        CollapsedError: All images get nearly the same one.
    """
    check_finite(embeddings)
    centre = embeddings.mean(axis=0)
    spread = float(np.linalg.norm(embeddings - centre, axis=1).mean())
    length = float(np.linalg.norm(embeddings, axis=1).mean())
    if spread <= COLLAPSED_SPREAD * length:
        raise CollapsedError(
            f"every image gets nearly the same embedding (spread {spread:.2e} at length "
            f"{length:.2e}): lower learning_rate, or check that identities are labelled rightly"
        )
