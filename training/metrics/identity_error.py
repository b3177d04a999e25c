"""Standard error of a mean over comparisons that share identities.

Comparisons that share a person are not independent, so the error over folds or over comparisons is
not that of another sample of people. The variance of the mean of n comparisons is

    Σ e_c e_d / n²  over all c, d that share at least one identity,  e = value - mean

(Fafchamps, Gubert 2007; Aronow, Samii, Assenova 2015), genuine and impostor comparisons together.
A bootstrap that draws people and weights a comparison by the product of its people's counts
estimates the same where each two people are compared often; in a list of pairs in which most
people are met once it counts the part of a comparison that belongs to neither person three times
(Owen 2007). Decision 45 has both, beside a simulation.
"""

import math

import numpy as np
from numpy.typing import NDArray


def error_over_identities(
    values: NDArray[np.generic], first: NDArray[np.int64], second: NDArray[np.int64]
) -> float:
    """Compute the standard error of the mean of some comparisons over another sample of people.

    Args:
        values: Of the comparisons, such as right or wrong, (comparisons,).
        first: The identity on one side of each, from 0, (comparisons,).
        second: The identity on the other side; the same for a genuine comparison, (comparisons,).

    Returns:
        The standard error, at least that of independent comparisons, in the unit of the values.
    """
    errors = values.astype(np.float64) - values.mean(dtype=np.float64)
    low, high = np.minimum(first, second), np.maximum(first, second)
    size = int(high.max()) + 1
    different = low != high
    _, dyad = np.unique(low[different] * size + high[different], return_inverse=True)

    def together(weights: NDArray[np.float64]) -> float:
        """Sum the products of the weights of comparisons that share an identity."""
        of_identity = np.bincount(low, weights, size)
        of_identity += np.bincount(high[different], weights[different], size)
        of_dyad = np.bincount(dyad, weights[different])
        # A sum by identity counts comparisons that share both of their identities twice.
        return float(np.square(of_identity).sum() - np.square(of_dyad).sum())

    # Errors are from the observed mean, so each product is too small by the variance sought.
    squares = len(errors) ** 2
    sharing = min(together(np.ones(len(errors))), (1 - 1 / (size + 1)) * squares)
    total = max(together(errors), float(np.square(errors).sum()))
    return math.sqrt(total / (squares - sharing))
