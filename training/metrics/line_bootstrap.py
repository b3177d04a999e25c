"""Bootstrap over people of the line that gives log10 likelihood ratios.

A draw gives every subject an exponential weight of mean 1 (Rubin 1981). A genuine pair counts by
the weight of its subject, an impostor pair by the product of the weights of its two (Owen 2007,
equation 7): pairs that share a subject vary together. Energies are binned, so that a draw costs a
sum over the pairs and not a fit to all of them.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import norm, t

from model.manifest import LineUncertainty
from model.scoring import Energies
from training.metrics.intervals import Z, effective
from training.metrics.pairs import PairEnergies, Subjects

DRAWS = 400
RIDGE = 1e-6
"""Weight of slope² / 2 beside the losses: a line exists where energies do not overlap."""
_SEED = 2016
_BINS = 256
_STEPS = 100
_DRAWS_AT_A_TIME = 32
_LARGEST_STEP = 2.0
_CONVERGED = 1e-6
_LEAST = 0.05
"""Bounds the correction where one subject has nearly all genuine pairs."""

Floats = NDArray[np.float64]


def line_uncertainty(pairs: PairEnergies, draws: int = DRAWS) -> LineUncertainty:
    """Sampling error over subjects of the logistic line through some pairs.

    The factor is Student's quantile for the effective number of subjects with genuine pairs.
    """
    counts = np.unique(pairs.genuine_subject, return_counts=True)[1].astype(np.float64)
    covariances = np.cov(bootstrap_lines(pairs, draws).T) * _correction(counts)
    (intercept, covariance), (_, slope) = covariances
    return LineUncertainty(
        intercept=float(intercept),
        slope=float(slope),
        covariance=float(covariance),
        factor=float(t.ppf(norm.cdf(Z), max(1.0, effective(counts) - 1))),
    )


def bootstrap_lines(pairs: PairEnergies, draws: int) -> Floats:
    """Intercept and slope of log10 LR for each draw of weights, (draws, 2)."""
    edges = np.linspace(pairs.all_energies.min(), pairs.all_energies.max(), _BINS + 1)
    of_genuine, of_impostor = (_bin(e, edges) for e in (pairs.genuine, pairs.impostor))
    left, right = pairs.impostor_subjects.T
    dyads, of_dyad = np.unique(left * pairs.subjects + right, return_inverse=True)
    one, other = np.divmod(dyads, pairs.subjects)
    genuine_counts = _counts(of_genuine, pairs.genuine_subject, pairs.subjects)
    impostor_counts = _counts(of_impostor, of_dyad, len(dyads))
    rng = np.random.default_rng(_SEED)
    genuine, impostor = np.empty((2, draws, _BINS))
    for begin in range(0, draws, _DRAWS_AT_A_TIME):
        part = slice(begin, begin + _DRAWS_AT_A_TIME)
        weights = rng.exponential(size=(pairs.subjects, len(genuine[part])))
        genuine[part] = (genuine_counts @ weights).T
        impostor[part] = (impostor_counts @ (weights[one] * weights[other])).T
    ridge = 2 * RIDGE / len(pairs.all_energies)
    return fit_lines((edges[:-1] + edges[1:]) / 2, genuine, impostor, ridge) / math.log(10)


def fit_lines(energies: Floats, genuine: Floats, impostor: Floats, ridge: float) -> Floats:
    """Fit the natural log LR as a line in the energy, once for each draw, by Newton's method.

    Logistic regression with equal weight for both kinds of pair (Brümmer, du Preez 2006).

    Args:
        energies: (bins,).
        genuine: Weight of the genuine pairs in each bin, (draws, bins).
        impostor: Weight of the impostor pairs, likewise.
        ridge: Weight of slope² / 2 beside the mean losses, for energies of unit variance.

    Returns:
        Intercept and slope, (draws, 2).
    """
    genuine, impostor = (kind / kind.sum(axis=1, keepdims=True) for kind in (genuine, impostor))
    both = genuine + impostor
    mean = float((both @ energies).mean() / 2)
    unit = math.sqrt(float((both @ (energies - mean) ** 2).mean() / 2)) or 1.0
    scaled = (energies - mean) / unit
    lines = np.zeros((len(both), 2))
    for _ in range(_STEPS):
        step = _newton_step(lines, scaled, genuine, both, ridge)
        lines -= step
        if np.abs(step).max() < _CONVERGED:
            break
    slope = lines[:, 1] / unit
    return np.stack([lines[:, 0] - slope * mean, slope], axis=1)


def _newton_step(
    lines: Floats, energies: Floats, genuine: Floats, both: Floats, ridge: float
) -> Floats:
    """Newton's step for each line, (draws, 2), of a bounded length."""
    posterior = 1 / (1 + np.exp(-np.clip(lines[:, :1] + lines[:, 1:] * energies, -500, 500)))
    residual, curvature = both * posterior - genuine, both * posterior * (1 - posterior)
    first = residual.sum(axis=1)
    second = residual @ energies + ridge * lines[:, 1]
    a, b, c = curvature.sum(axis=1), curvature @ energies, curvature @ energies**2 + ridge
    determinant = np.maximum(a * c - b * b, np.finfo(np.float64).tiny)
    step = np.stack([c * first - b * second, a * second - b * first], axis=1)
    step /= determinant[:, np.newaxis]
    longest = np.abs(step).max(axis=1, keepdims=True)
    bounded: Floats = step * np.minimum(1, _LARGEST_STEP / np.maximum(longest, _LARGEST_STEP))
    return bounded


def _bin(energies: Energies, edges: Floats) -> Subjects:
    last = len(edges) - 2
    inside: Subjects = np.clip(np.searchsorted(edges, energies, side="right") - 1, 0, last)
    return inside


def _counts(bins: Subjects, groups: Subjects, size: int) -> csr_array:
    """Number of pairs in each bin of each group, (bins, size)."""
    return csr_array((np.ones(len(bins)), (bins, groups)), shape=(_BINS, size))


def _correction(sizes: Floats) -> float:
    """Return the factor that makes the variance of a mean over groups of these sizes unbiased.

    Residuals are taken from the estimated mean, to which a large group is drawn: their weighted
    squares have the expectation 1 - 2 Σw³ / Σw² + Σw² of what they estimate, for groups of equal
    variance and weight w.
    """
    weights = sizes / sizes.sum()
    squares = float(np.square(weights).sum())
    return 1 / max(_LEAST, 1 - 2 * float((weights**3).sum()) / squares + squares)
