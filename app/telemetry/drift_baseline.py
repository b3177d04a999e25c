"""Distribution of a model's energies at its calibration, in a few bins."""

import zlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.manifest import Calibration, Histogram

MAX_BINS = 10
"""Deciles, as is usual for a population stability index."""
_MIN_SHARE = 0.5 / MAX_BINS
"""Minimum share of the energies in the last bin."""

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class DriftBaseline:
    """Shares of the genuine and impostor energies in each bin.

    Attributes:
        bounds: The largest float32 in each bin but the last, which is unbounded.
        genuine: Shares of the genuine energies, (bins,), all above 0, with a sum of 1.
        impostor: Shares of the impostor energies, likewise.
        calibration: Identifier of the calibration, and so of its bins.
    """

    bounds: tuple[float, ...]
    genuine: Shares
    impostor: Shares
    calibration: str


def baseline_of(calibration: Calibration) -> DriftBaseline:
    """Merge the bins of a calibration's histogram into at most `MAX_BINS`.

    The bins have about equal shares of a balanced mixture of genuine and impostor pairs, so that
    none is nearly empty, whatever the mixture of the traffic.
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
    """Return the indices of the edges between the merged bins."""
    both = np.asarray(histogram.genuine) + np.asarray(histogram.impostor)
    below = np.cumsum(both) / both.sum()
    wanted = np.arange(1, MAX_BINS) / MAX_BINS
    last = np.unique(np.searchsorted(below, wanted))
    return [int(i) + 1 for i in last if below[i] <= 1 - _MIN_SHARE]


def _merged(shares: tuple[float, ...], cuts: list[int], pairs: int) -> Shares:
    """Return the shares of the merged bins, with half a pair added to each, so that none is 0."""
    edges = [0, *cuts, len(shares)]
    merged = np.array([sum(shares[low:high]) for low, high in pairwise(edges)])
    smoothed = merged * max(pairs, 1) + 0.5
    whole: Shares = smoothed / smoothed.sum()
    return whole


def _just_below(edge: float) -> float:
    """Return the largest float32 below an edge: a bin excludes its upper edge."""
    nearest = np.float32(edge)
    return float(nearest if nearest < edge else np.nextafter(nearest, np.float32(-np.inf)))
