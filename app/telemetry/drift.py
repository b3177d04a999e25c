"""How far the energies of the traffic are from those that the error rates were measured on.

The share of genuine pairs in the traffic is unknown, and it alone moves the distribution of the
energies: a service that sees more impostors than its calibration has not drifted. So the traffic is
compared with the mixture π · genuine + (1 − π) · impostor of the calibration whose π fits it best,
and what is left over is the drift. Its limit follows from that: a change that makes genuine pairs
look exactly like impostors, or the other way round, changes π and leaves nothing over.

The index is that of credit scoring (Siddiqi 2006; its distribution without drift is B. Yurdakul,
Statistical Properties of Population Stability Index, 2018): Σ (p − q) · ln(p / q) over the bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.telemetry.drift_baseline import DriftBaseline, Shares

MINIMUM = 1000
"""Decisions below which there is no index.

Without any drift it is about (bins − 1) / decisions, which is 0.009 here.
"""
_HALVINGS = 40

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Drift:
    """The index, and the share of genuine pairs at which it is the least."""

    psi: float
    genuine_share: float


def measure_drift(counts: Counts, reference: DriftBaseline) -> Drift | None:
    """Compare recent energies with the calibration.

    Args:
        counts: How many fell into each bin of the reference, shape (bins,).
        reference: The calibration.

    Returns:
        None where there are fewer than `MINIMUM`, or only one bin, which tells nothing.
    """
    if counts.sum() < MINIMUM or len(counts) == 1:
        return None
    share = best_genuine_share(counts, reference)
    expected = share * reference.genuine + (1 - share) * reference.impostor
    return Drift(psi(counts, expected), share)


def best_genuine_share(counts: Counts, reference: DriftBaseline) -> float:
    """The π in [0, 1] that makes the counts likeliest.

    Σ n · ln(π · genuine + (1 − π) · impostor) is concave in π, so its slope has one sign change,
    which is halved in upon.
    """
    apart = reference.genuine - reference.impostor
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        slope = float((counts * apart / (reference.impostor + middle * apart)).sum())
        low, high = (middle, high) if slope > 0 else (low, middle)
    return (low + high) / 2


def psi(counts: Counts, expected: Shares) -> float:
    """The population stability index of counts against expected shares.

    Half a decision is added to each bin, so that an empty one is no infinite surprise.
    """
    smoothed = counts + 0.5
    seen = smoothed / smoothed.sum()
    return float(((seen - expected) * np.log(seen / expected)).sum())
