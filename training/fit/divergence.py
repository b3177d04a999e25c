"""Checks for a training that has diverged or collapsed."""

import math

import numpy as np
from numpy.typing import NDArray

from training.errors import CollapsedError, DivergedError

COLLAPSED_SPREAD = 1e-3
"""Largest spread, relative to the mean length, at which embeddings count as collapsed."""


def check_loss(loss: float, epoch: int, learning_rate: float) -> None:
    """Check the loss of a step.

    Raises:
        DivergedError: The loss is not a finite number.
    """
    if not math.isfinite(loss):
        raise DivergedError(
            f"the loss became {loss} in epoch {epoch + 1} at a learning rate of "
            f"{learning_rate:.3g}; the last checkpoint is good: lower learning_rate and train again"
        )


def check_finite(embeddings: NDArray[np.float32]) -> None:
    """Check that every embedding, or energy, is finite.

    Raises:
        DivergedError: One is infinite or not a number.
    """
    if not np.isfinite(embeddings).all():
        raise DivergedError(
            "an embedding or an energy is not finite; the last checkpoint is good: lower "
            "learning_rate and train again"
        )


def check_spread(
    embeddings: NDArray[np.float32], what: str = "every image gets nearly the same embedding"
) -> None:
    """Check that different images get different embeddings, (images, dim).

    Raises:
        DivergedError: An embedding is not finite.
        CollapsedError: All images get nearly the same embedding; `what` begins the message.
    """
    check_finite(embeddings)
    centre = embeddings.mean(axis=0)
    spread = float(np.linalg.norm(embeddings - centre, axis=1).mean())
    length = float(np.linalg.norm(embeddings, axis=1).mean())
    if spread <= COLLAPSED_SPREAD * length:
        raise CollapsedError(
            f"{what} (spread {spread:.2e} at length {length:.2e}): lower learning_rate, or check "
            "the labels of the identities"
        )


def check_energies(energies: NDArray[np.float32]) -> None:
    """Check that different pairs, genuine and impostor, get different energies, (pairs,).

    Raises:
        DivergedError: An energy is not finite.
        CollapsedError: All pairs get nearly the same energy.
    """
    check_spread(energies[:, np.newaxis], "every pair gets nearly the same energy")
