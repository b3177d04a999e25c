"""Reliability of likelihood ratios: the ratio that is claimed against the one that is found.

Pairs are put into bins by their claimed ratio. What is found in a bin is the share of all genuine
pairs that lie there, over the share of all impostor pairs that do (Brümmer, du Preez 2006: a ratio
is calibrated where the two agree).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.manifest import LikelihoodRatio
from model.scoring import log10_likelihood_ratio
from training.metrics.pairs import PairEnergies
from training.metrics.rates import RateTable, Share

WIDTH = 0.5
"""Width of a bin, in log10."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ReliabilityBin:
    """Pairs whose claimed log10 LR is in [low, high); all figures are log10.

    Attributes:
        low: Lower edge of the bin.
        high: Upper edge.
        claimed: Log odds of the mean claimed posterior, at prior odds of 1.
        actual: Share of the genuine pairs over that of the impostor pairs; -inf where there is no
            genuine pair, inf where there is no impostor pair.
        interval: 95 % interval of `actual` over people; an end may be infinite.
        genuine: Number of genuine pairs.
        impostor: Number of impostor pairs.
    """

    low: float
    high: float
    claimed: float
    actual: float
    interval: tuple[float, float]
    genuine: int
    impostor: int


def reliability(
    pairs: PairEnergies, ratio: LikelihoodRatio, width: float = WIDTH
) -> tuple[ReliabilityBin, ...]:
    """Compare the ratios that a map claims with those found on some pairs, by bins of log10 LR.

    Args:
        pairs: Pairs of people that the map was not fitted to.
        ratio: The map.
        width: Width of a bin, in log10; 0 is an edge.

    Returns:
        The bins that hold any pair, by rising ratio.
    """
    table = RateTable(pairs)
    genuine, impostor = (
        log10_likelihood_ratio(ratio, energies) for energies in (pairs.genuine, pairs.impostor)
    )
    steps = range(math.floor(ratio.log10_min / width), math.floor(ratio.log10_max / width) + 1)
    found = []
    for low, high in ((step * width, (step + 1) * width) for step in steps):
        windows = [_window(falling, low, high) for falling in (genuine, impostor)]
        inside = [genuine[slice(*windows[0])], impostor[slice(*windows[1])]]
        if not len(inside[0]) + len(inside[1]):
            continue
        shares = table.share_of_genuine(*windows[0]), table.share_of_impostors(*windows[1])
        found.append(
            ReliabilityBin(
                low=low,
                high=high,
                claimed=_claimed(inside, (len(genuine), len(impostor))),
                actual=_log10_ratio(shares[0].rate, shares[1].rate),
                interval=(_lower_end(*shares), -_lower_end(*reversed(shares))),
                genuine=len(inside[0]),
                impostor=len(inside[1]),
            )
        )
    return tuple(found)


def _window(falling: Floats, low: float, high: float) -> tuple[int, int]:
    """Return the range of the values in [low, high), of falling values."""
    begin, end = np.searchsorted(-falling, [-high, -low], side="right")
    return int(begin), int(end)


def _claimed(inside: list[Floats], totals: tuple[int, int]) -> float:
    """Log10 odds of the mean posterior, where both kinds of pair weigh alike in all."""
    same = different = 0.0
    for values, total in zip(inside, totals, strict=True):
        same += float((1 / (1 + 10**-values)).sum()) / total
        different += float((1 / (1 + 10**values)).sum()) / total
    return math.log10(same / different)


def _log10_ratio(one: float, other: float) -> float:
    if not one:
        return -math.inf
    return math.log10(one / other) if other else math.inf


def _lower_end(one: Share, other: Share) -> float:
    """Lower end of the 95 % interval of log10 of a ratio of two shares.

    From the intervals of the two logarithms (Zou, Donner 2008, equation 3). Where a share is 0, its
    logarithm has no distance from the end of its interval, and both ends take the shares' places.
    """
    (low, _), (_, high) = one.interval, other.interval
    if not low:
        return -math.inf
    if not other.rate:
        return math.log10(low / high)
    distance = math.hypot(math.log10(one.rate / low), math.log10(high / other.rate))
    return math.log10(one.rate / other.rate) - distance
