"""Energy of two embeddings, and the decision on an energy with its error rates.

E_W(X1, X2) = ‖G_W(X1) − G_W(X2)‖ (Chopra, Hadsell, LeCun 2005, equation 1): small means same. The
norm is L1 in that paper, L2 and Hamming in its successors.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import OperatingPointError, VectorError
from model.manifest import (
    Accuracy,
    Calibration,
    Curve,
    ErrorRates,
    LikelihoodRatio,
    LineUncertainty,
    Metric,
)

Vectors = NDArray[Any]
Energies = NDArray[np.float32]


def energy(metric: Metric, left: Vectors, right: Vectors) -> Energies:
    """The energy of each pair of embeddings, over the last axis; the other axes broadcast.

    Args:
        metric: `l1` or `l2` for float embeddings, `hamming` for packed bits.
        left: Shape (..., dim), float32, or uint8 for `hamming`.
        right: As `left`.

    Returns:
        float32, shape (...); for `hamming` the number of bits that differ.

    Raises:
        ValueError: The metric `none`: a pair model's graph gives the energy itself.
    """
    if metric not in _ENERGIES:
        raise ValueError(f"the metric {metric} has no energy of two embeddings")
    return _ENERGIES[metric](left, right).astype(np.float32)


def _l1(left: Vectors, right: Vectors) -> Vectors:
    distance: Vectors = np.abs(left - right).sum(axis=-1)
    return distance


def _l2(left: Vectors, right: Vectors) -> Vectors:
    difference = left - right
    squared: Vectors = np.einsum("...i,...i->...", difference, difference)
    return np.sqrt(squared)


def _hamming(left: Vectors, right: Vectors) -> Vectors:
    bits: Vectors = np.bitwise_count(np.bitwise_xor(left, right)).sum(axis=-1, dtype=np.int32)
    return bits


_ENERGIES: dict[Metric, Callable[[Vectors, Vectors], Vectors]] = {
    Metric.L1: _l1,
    Metric.L2: _l2,
    Metric.HAMMING: _hamming,
}


def check_vectors(vectors: Vectors, dim: int) -> None:
    """Check embeddings that came from outside.

    Args:
        vectors: Shape (n, anything).
        dim: The bundle's embedding dimension.

    Raises:
        VectorError: A wrong length, or a row with a number that is not finite; it names the row.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dim:  # noqa: PLR2004 (a matrix)
        raise VectorError(f"expected rows of {dim} numbers, got shape {vectors.shape}", row=0)
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise VectorError(f"row {row} holds a number that is not finite", row=row)


@dataclass(frozen=True)
class Choice:
    """Threshold that a request is decided by, with its error rates.

    `rates` were measured on test subjects; `target_fmr` is None where the threshold aims at none.
    `is_own` is true of a threshold that the request itself gives. `rates` is None where nothing was
    measured: for numbers of images without operating points. `target_fpir` is
    the target of one that was chosen for a gallery (`model.identification`).
    """

    threshold: float
    target_fmr: float | None
    rates: ErrorRates | None
    is_own: bool = False
    target_fpir: float | None = None

    @property
    def measured(self) -> ErrorRates:
        """The rates, where there are some.

        Raises:
            ValueError: Nothing was measured.
        """
        if self.rates is None:
            raise ValueError("nothing was measured at this threshold")
        return self.rates


def choose(
    calibration: Calibration,
    accuracy: Accuracy,
    *,
    threshold: float | None = None,
    fmr: float | None = None,
) -> Choice:
    """Choose the threshold of a request: its own, that of a target FMR, or the default.

    Args:
        calibration: The bundle's operating points.
        accuracy: The bundle's test figures, which give the rates at a threshold of the caller's.
        threshold: Overrides everything; 0 is a threshold too.
        fmr: One of the supported target FMRs.

    Raises:
        OperatingPointError: No supported operating point has that target.
    """
    if threshold is not None:
        return Choice(threshold, None, rates_at(accuracy.curve, threshold), is_own=True)
    point = calibration.default_point
    if fmr is not None:
        by_target = {p.target_fmr: p for p in calibration.operating_points if p.supported}
        by_target.pop(None, None)
        if fmr not in by_target:
            raise _unsupported(fmr, calibration)
        point = by_target[fmr]
    return Choice(point.threshold, point.target_fmr, point.test)


def supported_targets(calibration: Calibration) -> tuple[float, ...]:
    """The target FMRs that a request may ask for, largest first."""
    targets = (p.target_fmr for p in calibration.operating_points if p.supported)
    return tuple(sorted((t for t in targets if t is not None), reverse=True))


def _unsupported(fmr: float, calibration: Calibration) -> OperatingPointError:
    supported = supported_targets(calibration)
    listed = ", ".join(f"{target:g}" for target in supported) or "none"
    return OperatingPointError(
        f"no operating point with a target FMR of {fmr:g} is supported by this bundle's "
        f"calibration data; supported: {listed}",
        supported,
    )


def rates_at(curve: Curve, threshold: float) -> ErrorRates:
    """The error rates at any threshold, read off the test curve.

    The curve is a sample of the thresholds; between two of them a rate lies between theirs, since
    FMR only rises and FNMR only falls. The straight line between them is quoted, with an interval
    that holds both ends' intervals.
    """
    above, share = place_on(curve, threshold)
    low, high = curve.rates[above - 1], curve.rates[above]
    if share in {0.0, 1.0}:
        return high if share else low
    return ErrorRates(
        fmr=low.fmr + share * (high.fmr - low.fmr),
        fmr_interval=hull(low.fmr_interval, high.fmr_interval),
        fnmr=low.fnmr + share * (high.fnmr - low.fnmr),
        fnmr_interval=hull(low.fnmr_interval, high.fnmr_interval),
    )


def place_on(curve: Curve, threshold: float) -> tuple[int, float]:
    """Find a threshold on a curve.

    Returns:
        The upper one of its two neighbours, and the share of the way to it from the lower one; 0 or
        1 for a threshold beyond the curve's ends.
    """
    thresholds = np.asarray(curve.thresholds)
    above = int(np.clip(np.searchsorted(thresholds, threshold), 1, len(thresholds) - 1))
    below, span = thresholds[above - 1], thresholds[above] - thresholds[above - 1]
    # Clipped first: a threshold may be as far out as a number can be.
    reached = np.clip(threshold, below, thresholds[above]) - below
    return above, float(reached / span) if span > 0 else 1.0


def hull(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The smallest interval that holds two."""
    return (min(one[0], other[0]), max(one[1], other[1]))


def is_same(energies: Energies, threshold: float) -> NDArray[np.bool_]:
    """The decision: same where the energy does not exceed the threshold. Shape as `energies`."""
    # In float64: rounded to float32, a threshold midway between two energies could meet one.
    return np.less_equal(np.asarray(energies, dtype=np.float64), threshold)


def log10_likelihood_ratio(model: LikelihoodRatio, energies: Energies) -> NDArray[np.float64]:
    """log10 of p(energy | same) / p(energy | different), bounded. Shape as `energies`."""
    raw = model.intercept + model.slope * np.asarray(energies, dtype=np.float64)
    return np.clip(raw, model.log10_min, model.log10_max)


def likelihood_ratio(model: LikelihoodRatio, energy: float) -> float:
    """Likelihood ratio of one energy, same against different, without arrays."""
    raw = model.intercept + model.slope * energy
    ratio: float = 10.0 ** min(max(raw, model.log10_min), model.log10_max)
    return ratio


def likelihood_ratio_interval(model: LikelihoodRatio, energy: float) -> tuple[float, float] | None:
    """95 % interval over people of the likelihood ratio of one energy, held within its bounds.

    A ratio at a bound has the interval of the energy at which it reaches that bound.

    Returns:
        (low, high); None where the bundle has no interval.
    """
    if model.uncertainty is None:
        return None
    log10 = min(max(model.intercept + model.slope * energy, model.log10_min), model.log10_max)
    if model.slope:
        energy = (log10 - model.intercept) / model.slope
    half = log10_half_width(model.uncertainty, energy)
    low, high = max(log10 - half, model.log10_min), min(log10 + half, model.log10_max)
    return 10.0**low, 10.0**high


def log10_half_width(uncertainty: LineUncertainty, energy: float) -> float:
    """Half the width of the 95 % interval of log10 LR at an energy, before it is bounded."""
    variance = (
        uncertainty.intercept
        + 2 * energy * uncertainty.covariance
        + energy * energy * uncertainty.slope
    )
    return uncertainty.factor * math.sqrt(max(0.0, variance))
