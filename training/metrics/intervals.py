"""95 % intervals of error rates, for pairs that share subjects.

Pairs that share a person are not independent, so the binomial interval is too narrow. As Fogliato,
Patil, Perona 2023 (arXiv 2306.01198), Wilson's interval (Wilson 1927) is taken with the number of
independent trials that would have the observed variance, p (1 - p) / Var(p), in place of n.
"""

import math

import numpy as np
from numpy.typing import NDArray

Z = 1.959964
"""Two-sided 95 % quantile of the normal distribution."""


def wilson(rate: float, trials: float) -> tuple[float, float]:
    """Compute Wilson's interval.

    Args:
        rate: The observed share, in [0, 1].
        trials: Independent trials behind it, positive; need not be whole.

    Returns:
        (low, high) in [0, 1], with `rate` between them.
    """
    z2 = Z * Z / trials
    middle = (rate + z2 / 2) / (1 + z2)
    half = Z / (1 + z2) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials))
    return max(0.0, min(middle - half, rate)), min(1.0, max(middle + half, rate))


def clustered_variance(errors: NDArray[np.float64], pairs: NDArray[np.float64]) -> float:
    """Variance of a rate over independent clusters of pairs (genuine pairs, by subject).

    Errors and pairs are counted in each cluster, (clusters,).
    """
    clusters, total = len(pairs), pairs.sum()
    residual = errors - errors.sum() / total * pairs
    return float(np.square(residual).sum() / total**2 * clusters / max(1, clusters - 1))


def dyadic_variance(
    errors_of_subject: NDArray[np.float64],
    pairs_of_subject: NDArray[np.float64],
    errors_of_dyad: NDArray[np.float64],
    pairs_of_dyad: NDArray[np.float64],
) -> float:
    """Variance of a rate whose pairs are dependent where they share a subject (impostor pairs).

    It is the sum of the covariances of all pairs of dyads that share at least one subject
    (Fafchamps, Gubert 2007; Aronow, Samii, Assenova 2015). A sum by subject counts each dyad with
    itself twice, so it is subtracted once. Never below the variance of independent dyads.

    Args:
        errors_of_subject: Errors among the pairs of each subject, (subjects,).
        pairs_of_subject: Pairs of each subject, (subjects,).
        errors_of_dyad: Errors between each two subjects, (dyads,).
        pairs_of_dyad: Pairs between each two subjects, (dyads,).
    """
    subjects, total = len(pairs_of_subject), pairs_of_dyad.sum()
    rate = errors_of_dyad.sum() / total
    by_subject = np.square(errors_of_subject - rate * pairs_of_subject).sum()
    by_dyad = np.square(errors_of_dyad - rate * pairs_of_dyad).sum()
    shared = max(by_subject - by_dyad, by_dyad)
    return float(shared / total**2 * subjects / max(1, subjects - 1))


def independent_trials(
    rate: float, variance: float, max_trials: float, at_extremes: float
) -> float:
    """Number of independent trials that would estimate the rate equally well.

    Args:
        rate: The observed share.
        variance: Of that share, dependence allowed for.
        max_trials: Upper bound of the answer.
        at_extremes: Answer for a rate of 0 or 1, whose observed variance is 0.
    """
    if rate in {0.0, 1.0} or variance <= 0:
        return max(1.0, at_extremes)
    return min(max(1.0, rate * (1 - rate) / variance), max(1.0, max_trials))


def required_trials(target: float) -> int:
    """Rule of three: number of error-free trials that show a rate below `target` at 95 %.

    The smallest n with (1 - target)^n ≤ 0.05: 29 for 10 %, 299 for 1 %, 2,995 for 0.1 %.
    """
    return math.ceil(math.log(0.05) / math.log1p(-target))
