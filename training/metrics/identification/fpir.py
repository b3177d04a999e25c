"""FPIR of galleries of one size, with intervals over people."""

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import norm, t

from model.scoring import Energies
from training.metrics.identification.searches import Numbers, Searches, share_found
from training.metrics.intervals import TAIL, Z

_FEW = 0.001
"""Smallest share of the probes, with a match or without, whose own dependence is estimated."""


class Fpir(NamedTuple):
    """False positive identification rate, with its 95 % interval over people.

    `trials` is the number of independent probes that would estimate it equally well.
    """

    rate: float
    interval: tuple[float, float]
    trials: float


class Uncertainty(NamedTuple):
    """Uncertainty of a rate over people.

    Attributes:
        effect: Variance of the rate, by that of as many independent probes as there are people.
        degrees: Degrees of freedom of that variance.
    """

    effect: float
    degrees: float


class FpirTable:
    """FPIR of galleries of one size at any threshold, with intervals over people."""

    def __init__(self, searches: Searches, size: int) -> None:
        self.searches, self.size = searches, size
        self._ends = [self._uncertainty(searches.threshold(size, s)) for s in (TAIL, 1 - TAIL)]

    def fpir(self, threshold: float) -> Fpir:
        """Compute FPIR with its interval.

        The interval is Wilson's, with Student's quantile, for the number of independent probes that
        have the same variance. Where fewer than 5 % of the probes have a match, or fewer than 5 %
        have none, these few do not show their dependence: its effect is then the mean of theirs
        and that at 5 %, if that is more.
        """
        rate = self.searches.rate(self.size, threshold)
        effect, degrees = self._uncertainty(threshold)
        if not TAIL <= rate <= 1 - TAIL:
            end = self._ends[rate > 1 - TAIL]
            effect = max(effect, (effect + end.effect) / 2 if effect else end.effect)
            degrees = end.degrees
        trials = self.searches.people / effect if effect else float(self.searches.people)
        factor = float(t.ppf(norm.cdf(Z), degrees))
        return Fpir(rate, _wilson(rate, trials, factor), trials)

    def _uncertainty(self, threshold: float) -> Uncertainty:
        rate, people = self.searches.rate(self.size, threshold), self.searches.people
        if not _FEW < rate < 1 - _FEW:
            return Uncertainty(0.0, people - 1)
        variance, degrees = jackknife(self.searches, self.size, threshold)
        return Uncertainty(variance * people / (rate * (1 - rate)), degrees)


def jackknife(searches: Searches, size: int, threshold: float) -> tuple[float, float]:
    """Variance of FPIR over people, by leaving out each as a probe and as a gallery member.

    The jackknife counts what is peculiar to two people with both of them, so it is too large
    (Efron, Stein 1981); these parts are subtracted once, as `dyadic_errors` does for FMR.

    Returns:
        The variance, and its degrees of freedom (Satterthwaite 1946): few where few people make it.
    """
    people = searches.people
    rates, of_dyad = _without_each(searches, size, threshold)
    squares = np.square(rates - rates.mean())
    total = float(squares.sum())
    if total == 0:
        return 0.0, people - 1.0
    variance = total * (people - 1) / people
    # Of each two people, the match of the one with the other and the reverse together.
    squared = np.vdot(of_dyad, of_dyad) + np.vdot(of_dyad, of_dyad.T)
    peculiar = float(squared - of_dyad.sum(dtype=np.float64) ** 2 / math.comb(people, 2))
    spread = float(np.square(squares).sum()) / total**2 - 1 / people
    degrees = min(max(1.0, 2 / spread), people - 1.0) if spread > 0 else people - 1.0
    return max(variance - peculiar, variance / 2), degrees


def _without_each(searches: Searches, size: int, threshold: float) -> tuple[Numbers, Energies]:
    """FPIR without each person, (people,), and what each probing person's share of it is due to.

    The latter, (people, people), is by how much less a person's probes would have a match without
    the match with another.
    """
    people, person = searches.people, searches.person
    matched = searches.matched(threshold)
    found = np.append(share_found(people - 2, size), 1.0)
    matches = np.count_nonzero(matched, axis=1)
    weights = searches.weights * people / (people - 1)
    kept = weights * found[matches]
    lost = (kept - weights * found[np.maximum(matches - 1, 0)]).astype(np.float32)
    begins = np.searchsorted(person, np.arange(people))
    of_dyad: Energies = np.add.reduceat(matched * lost[:, None], begins)
    rates = kept.sum() - np.bincount(person, kept) - of_dyad.sum(axis=0, dtype=np.float64)
    return rates, of_dyad


def _wilson(rate: float, trials: float, factor: float) -> tuple[float, float]:
    """Compute Wilson's interval with another factor than the normal quantile."""
    squared = factor * factor / trials
    middle = (rate + squared / 2) / (1 + squared)
    half = factor / (1 + squared) * math.sqrt(rate * (1 - rate) / trials + squared / trials / 4)
    return max(0.0, min(middle - half, rate)), min(1.0, max(middle + half, rate))
