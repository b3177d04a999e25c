"""Likelihood ratio of an energy, and the quality of its calibration.

Logistic regression with equal weight for both kinds of pair gives the log posterior odds at prior
odds of 1, which is the log likelihood ratio (Brümmer, du Preez 2006). Its quality is Cllr (their
equation 6), in bits: 0 is perfect, 1 is no information. minCllr is the Cllr of the best monotone
map of the same energies (pool adjacent violators); the difference is the calibration loss.
"""

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from model.manifest import LikelihoodRatio
from model.scoring import log10_likelihood_ratio
from training.metrics.pairs import PairEnergies

_MAX_PAIRS = 200_000
_SEED = 0


def fit(pairs: PairEnergies, independent_impostors: int) -> LikelihoodRatio:
    """Fit the map from energies to likelihood ratios.

    The ratio is bounded by the number of calibration subjects: at most the independent trials that
    the impostor pairs are worth, at least one over the subjects with genuine pairs.
    """
    sample = _sample(len(pairs.all_energies))
    energies = pairs.all_energies[sample].astype(np.float64)
    unit = max(float(energies.std()), float(np.finfo(np.float32).tiny))
    regression = LogisticRegression(C=1e6, class_weight="balanced", max_iter=1000)
    regression.fit(energies[:, np.newaxis] / unit, pairs.is_genuine[sample])
    slope = float(regression.coef_[0, 0]) / unit / math.log(10)
    intercept = float(regression.intercept_[0]) / math.log(10)
    if slope > 0:  # Worse than chance: no information.
        slope = intercept = 0.0
    genuine_subjects = len(np.unique(pairs.genuine_subject))
    return LikelihoodRatio(
        intercept=intercept,
        slope=slope,
        log10_min=-math.log10(max(1, genuine_subjects)),
        log10_max=math.log10(max(1, independent_impostors)),
    )


def cllr(model: LikelihoodRatio, pairs: PairEnergies) -> float:
    """Cost (Cllr) of a fitted map on some pairs, in bits."""
    return _cost(
        log10_likelihood_ratio(model, pairs.genuine) * math.log(10),
        log10_likelihood_ratio(model, pairs.impostor) * math.log(10),
    )


def min_cllr(pairs: PairEnergies) -> float:
    """Cost (Cllr) of the best monotone map of the same energies, in bits."""
    weights = np.where(pairs.is_genuine, 0.5 / len(pairs.genuine), 0.5 / len(pairs.impostor))
    isotonic = IsotonicRegression(y_min=0, y_max=1, increasing=False)
    energies = pairs.all_energies.astype(np.float64)
    isotonic.fit(energies, pairs.is_genuine.astype(np.float64), sample_weight=weights)
    posterior = isotonic.predict(energies)
    with np.errstate(divide="ignore"):
        log_ratio = np.log(posterior) - np.log1p(-posterior)
    return _cost(log_ratio[pairs.is_genuine], log_ratio[~pairs.is_genuine])


def _cost(genuine: NDArray[np.float64], impostor: NDArray[np.float64]) -> float:
    """Cllr of natural log likelihood ratios."""
    misses, alarms = np.logaddexp(0, -genuine).mean(), np.logaddexp(0, impostor).mean()
    return float(misses + alarms) / (2 * math.log(2))


def _sample(count: int) -> NDArray[np.int64]:
    """Return the indices of all pairs, or of a seeded sample of `_MAX_PAIRS`."""
    if count <= _MAX_PAIRS:
        return np.arange(count)
    return np.sort(np.random.default_rng(_SEED).choice(count, _MAX_PAIRS, replace=False))
