"""Likelihood ratio of an energy, and the quality of its calibration.

Logistic regression with equal weight for both kinds of pair gives the log posterior odds at prior
odds of 1, which is the log likelihood ratio (Brümmer, du Preez 2006). Its quality is Cllr (their
equation 6), in bits: 0 is perfect, 1 is no information. minCllr is the Cllr of the best monotone
map of the same energies (pool adjacent violators); the difference is the calibration loss. The
ratio is bounded where data no longer supports it (Vergeer et al. 2016), and has an interval over
people.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from model.manifest import LikelihoodRatio
from model.scoring import log10_likelihood_ratio
from training.metrics.intervals import effective
from training.metrics.line_bootstrap import RIDGE, line_uncertainty
from training.metrics.pairs import PairEnergies

_MAX_IMPOSTORS = 200_000
_SEED = 0
_STEP = 0.01
"""Resolution of the bounds, in log10."""


def fit(pairs: PairEnergies, independent_impostors: float) -> LikelihoodRatio:
    """Fit the map from energies to likelihood ratios, within the bounds that data supports.

    Args:
        pairs: The calibration pairs.
        independent_impostors: Number of independent trials that the impostor pairs are worth. The
            genuine pairs are worth as many as there are subjects.
    """
    fewer = _sample(pairs)
    slope, intercept = fit_line(fewer)
    unbounded = LikelihoodRatio(intercept=intercept, slope=slope, log10_min=-300, log10_max=300)
    low, high = elub(
        log10_likelihood_ratio(unbounded, pairs.genuine),
        log10_likelihood_ratio(unbounded, pairs.impostor),
        effective(np.unique(pairs.genuine_subject, return_counts=True)[1].astype(np.float64)),
        independent_impostors,
    )
    bounds = {"log10_min": low, "log10_max": high, "uncertainty": line_uncertainty(fewer)}
    return unbounded.model_copy(update=bounds)


def fit_line(pairs: PairEnergies) -> tuple[float, float]:
    """Fit the line of log10 LR: its slope, at most 0, and its intercept."""
    energies = pairs.all_energies.astype(np.float64)
    unit = max(float(energies.std()), float(np.finfo(np.float32).tiny))
    regression = LogisticRegression(C=1 / RIDGE, class_weight="balanced", max_iter=1000)
    regression.fit(energies[:, np.newaxis] / unit, pairs.is_genuine)
    slope = float(regression.coef_[0, 0]) / unit / math.log(10)
    if slope > 0:  # Worse than chance: no information.
        return 0.0, 0.0
    return slope, float(regression.intercept_[0]) / math.log(10)


def elub(
    genuine: NDArray[np.float64],
    impostor: NDArray[np.float64],
    genuine_trials: float,
    impostor_trials: float,
) -> tuple[float, float]:
    """Empirical lower and upper bound of log10 likelihood ratios (Vergeer et al. 2016).

    A ratio t is supported if, at the prior odds 1 / t, decisions by the ratios cost no more than
    decisions without them: FNMR(t) + t · FMR(t) ≤ min(1, t). One misleading trial is added on each
    side. The paper counts pairs; here rates weigh as many trials as the dependent pairs are worth.

    Args:
        genuine: log10 LR of the genuine pairs, (genuine pairs,).
        impostor: log10 LR of the impostor pairs, (impostor pairs,).
        genuine_trials: Independent trials that the genuine pairs are worth.
        impostor_trials: Independent trials that the impostor pairs are worth.

    Returns:
        (low, high), with low ≤ 0 ≤ high.
    """
    genuine, impostor = np.sort(genuine), np.sort(impostor)
    most = math.ceil(math.log10(max(genuine_trials, impostor_trials) + 1) / _STEP)
    steps = np.arange(-most, most + 1) * _STEP
    fnmr = np.searchsorted(genuine, steps, side="right") / len(genuine)
    fmr = 1 - np.searchsorted(impostor, steps, side="right") / len(impostor)
    fnmr = (fnmr * genuine_trials + 1) / (genuine_trials + 1)
    fmr = (fmr * impostor_trials + 1) / (impostor_trials + 1)
    supported = fnmr + 10**steps * fmr <= np.minimum(1, 10**steps)
    low = _first_unsupported(supported[most::-1])
    high = _first_unsupported(supported[most:])
    reached = min(genuine[0], impostor[0]), max(genuine[-1], impostor[-1])
    return min(0.0, max(-low * _STEP, float(reached[0]))), max(
        0.0, min(high * _STEP, float(reached[1]))
    )


def _first_unsupported(supported: NDArray[np.bool_]) -> int:
    """Number of steps from a ratio of 1 to the last one before a ratio that is not supported."""
    return max(0, int(np.argmin(supported)) - 1 if not supported.all() else len(supported) - 1)


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


def _sample(pairs: PairEnergies) -> PairEnergies:
    """Return all genuine pairs, with all impostor pairs or a seeded sample of `_MAX_IMPOSTORS`."""
    count = len(pairs.impostor)
    if count <= _MAX_IMPOSTORS:
        return pairs
    chosen = np.random.default_rng(_SEED).choice(count, _MAX_IMPOSTORS, replace=False)
    chosen.sort()
    return replace(
        pairs, impostor=pairs.impostor[chosen], impostor_subjects=pairs.impostor_subjects[chosen]
    )
