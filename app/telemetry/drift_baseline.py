"""What a model's energies looked like when it was calibrated, in a few bins."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.manifest import Calibration, Histogram

MOST_BINS = 10
"""Deciles, as is usual for a population stability index."""
_LEAST_SHARE = 0.5 / MOST_BINS
"""Of the energies, in the last bin."""

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class DriftBaseline:
    """The shares of genuine and of impostor energies in each bin.

    Attributes:
        bounds: The largest float32 that still belongs to each bin but the last, which has no end.
        genuine: Shape (bins,), all above 0, with a sum of 1.
        impostor: As `genuine`.
        calibration: Names the calibration: energies counted in other bins are not these.
    """

    bounds: tuple[float, ...]
    genuine: Shares
    impostor: Shares
    calibration: str


def baseline_of(calibration: Calibration) -> DriftBaseline:
    """Merge the bins of a calibration's histogram into at most `MOST_BINS`.

    Each holds about as much as any other of the mixture of as many genuine as impostor pairs, so
    that none is nearly empty whatever the mixture of the traffic turns out to be.
    """
    histogram = calibration.histogram
    cuts = _cuts(histogram)
    return DriftBaseline(
        tuple(_just_below(histogram.edges[cut]) for cut in cuts),
        _merged(histogram.genuine, cuts, calibration.sample.genuine_pairs),
        _merged(histogram.impostor, cuts, calibration.sample.impostor_pairs),
        f"{zlib.crc32(histogram.model_dump_json().encode()):08x}",
    )


def _cuts(histogram: Histogram) -> list[int]:
    """The edges, by their index, that part the merged bins."""
    both = np.asarray(histogram.genuine) + np.asarray(histogram.impostor)
    below = np.cumsum(both) / both.sum()
    wanted = np.arange(1, MOST_BINS) / MOST_BINS
    last = np.unique(np.searchsorted(below, wanted))
    return [int(i) + 1 for i in last if below[i] <= 1 - _LEAST_SHARE]


def _merged(shares: tuple[float, ...], cuts: list[int], pairs: int) -> Shares:
    """Shares of the merged bins; half a pair is added to each, for none is impossible."""
    edges = [0, *cuts, len(shares)]
    merged = np.array([sum(shares[low:high]) for low, high in pairwise(edges)])
    smoothed = merged * max(pairs, 1) + 0.5
    whole: Shares = smoothed / smoothed.sum()
    return whole


def _just_below(edge: float) -> float:
    """The largest float32 below an edge: a bin holds its lower edge, and not its upper one."""
    nearest = np.float32(edge)
    return float(nearest if nearest < edge else np.nextafter(nearest, np.float32(-np.inf)))
