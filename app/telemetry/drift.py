"""Drift: the difference between the traffic's energies and those of the calibration.

The share of genuine pairs in the traffic is unknown, and it alone changes the distribution of the
energies: a service with more impostors than its calibration has not drifted. So the traffic is
compared with the mixture π · genuine + (1 − π) · impostor of the calibration whose π fits it best;
the remaining difference is the drift. Hence its limit: a change that makes genuine pairs look
exactly like impostors, or the reverse, changes π and is not detected.

The index is that of credit scoring (Siddiqi 2006; its distribution without drift is B. Yurdakul,
Statistical Properties of Population Stability Index, 2018): Σ (p − q) · ln(p / q) over the bins.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.telemetry.drift_baseline import DriftBaseline, Shares

MINIMUM = 1000
"""Minimum number of decisions for an index.

Without any drift the index is about (bins − 1) / decisions, which is 0.009 here.
"""
_HALVINGS = 40

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Drift:
    """The index, and the share of genuine pairs that minimises it."""

    psi: float
    genuine_share: float


def measure_drift(counts: Counts, baseline: DriftBaseline) -> Drift | None:
    """Compare recent energies with the calibration.

    Args:
        counts: Number of energies in each bin of the baseline, shape (bins,).
        baseline: The calibration.

    Returns:
        The drift, or None for fewer than `MINIMUM` energies or a single bin.
    """
    if counts.sum() < MINIMUM or len(counts) == 1:
        return None
    share = best_genuine_share(counts, baseline)
    expected = share * baseline.genuine + (1 - share) * baseline.impostor
    return Drift(psi(counts, expected), share)


def best_genuine_share(counts: Counts, baseline: DriftBaseline) -> float:
    """Return the maximum-likelihood π in [0, 1].

    Σ n · ln(π · genuine + (1 − π) · impostor) is concave in π, so its slope changes sign once,
    which bisection finds.
    """
    apart = baseline.genuine - baseline.impostor
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        slope = float((counts * apart / (baseline.impostor + middle * apart)).sum())
        low, high = (middle, high) if slope > 0 else (low, middle)
    return (low + high) / 2


def psi(counts: Counts, expected: Shares) -> float:
    """Population stability index of counts against expected shares.

    Half a decision is added to each bin, so that an empty bin does not make the index infinite.
    """
    smoothed = counts + 0.5
    seen = smoothed / smoothed.sum()
    return float(((seen - expected) * np.log(seen / expected)).sum())
