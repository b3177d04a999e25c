"""95 % intervals of error rates, for pairs that share subjects.

Pairs that share a person are not independent, so the binomial interval is too narrow. The interval
of a rate r is a score interval (Wilson 1927): the rates p with |p - r| ≤ t · sd(p). Its sd(p)
allows for the dependence at the rate p and not at the observed one, since few people give few
errors by chance, and then the observed variance is small as well. Decision 39 has the coverage.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, owens_t
from scipy.stats import norm, t

Z = 1.959964
"""Two-sided 95 % quantile of the normal distribution."""
TAIL = 0.05
"""Smallest share of the comparisons whose dependence is estimated: fewer are too few."""
_SMALLEST, _LARGEST_CORRELATION = 1e-12, 0.999999
_STEPS = 50

Counts = NDArray[np.float64]


def wilson(rate: float, trials: float) -> tuple[float, float]:
    """Compute Wilson's interval for independent trials.

    Args:
        rate: The observed share, in [0, 1].
        trials: Independent trials behind it, positive; need not be whole.

    Returns:
        (low, high) in [0, 1], with `rate` between them.
    """
    z2 = Z * Z / trials
    middle = (rate + z2 / 2) / (1 + z2)
    half = Z / (1 + z2) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials))
    return max(0.0, min(middle - half, rate)), min(1.0, max(middle + half, rate))


class Sharing(NamedTuple):
    """Ordered pairs of different comparisons that share the same number of subjects.

    Attributes:
        number: Number of such pairs of comparisons.
        covariance: Mean covariance of their errors, at least 0.
    """

    number: float
    covariance: float


@dataclass(frozen=True)
class DependentErrors:
    """Error rate of comparisons that share subjects, and the covariances of their errors."""

    comparisons: int
    rate: float
    sharing: tuple[Sharing, ...]

    @property
    def variance(self) -> float:
        """Variance of the rate: the sum of all covariances, by the square of their number."""
        together = sum(number * covariance for number, covariance in self.sharing)
        return (self.comparisons * self.rate * (1 - self.rate) + together) / self.comparisons**2


def clustered_errors(errors: Counts, pairs: Counts) -> DependentErrors:
    """Errors of comparisons that are dependent where they share their subject (genuine pairs).

    Errors and pairs are counted for each subject, (subjects,).
    """
    rate = errors.sum() / pairs.sum()
    number = np.square(pairs).sum() - pairs.sum()
    products = np.square(errors - rate * pairs).sum() - pairs.sum() * rate * (1 - rate)
    return _dependent_errors(int(pairs.sum()), rate, [(number, products)])


def dyadic_errors(
    errors_of_subject: Counts,
    pairs_of_subject: Counts,
    errors_of_dyad: Counts,
    pairs_of_dyad: Counts,
) -> DependentErrors:
    """Errors of comparisons that are dependent where they share a subject (impostor pairs).

    Comparisons of one dyad share both subjects. The variance is the sum of the covariances of all
    comparisons that share at least one (Fafchamps, Gubert 2007; Aronow, Samii, Assenova 2015). A
    sum by subject counts those that share both twice.

    Args:
        errors_of_subject: Errors among the pairs of each subject, (subjects,).
        pairs_of_subject: Pairs of each subject, (subjects,).
        errors_of_dyad: Errors between each two subjects, (dyads,).
        pairs_of_dyad: Pairs between each two subjects, (dyads,).
    """
    comparisons = pairs_of_dyad.sum()
    rate = errors_of_dyad.sum() / comparisons
    by_subject = np.square(errors_of_subject - rate * pairs_of_subject).sum()
    by_dyad = np.square(errors_of_dyad - rate * pairs_of_dyad).sum()
    dyads = np.square(pairs_of_dyad).sum()
    share_one = (np.square(pairs_of_subject).sum() - 2 * dyads, by_subject - 2 * by_dyad)
    share_both = (dyads - comparisons, by_dyad - comparisons * rate * (1 - rate))
    return _dependent_errors(int(comparisons), rate, [share_one, share_both])


def _dependent_errors(
    comparisons: int, rate: float, products: Sequence[tuple[float, float]]
) -> DependentErrors:
    """Covariances from sums of products of residuals, taken from the observed rate.

    The expected rate differs from it by its standard error, so each mean product is too small by
    the variance of the rate, which depends on the covariances: it is iterated.
    """
    observed = [(number, total / number if number else 0.0) for number, total in products]
    found = DependentErrors(comparisons, rate, ())
    for _ in range(_STEPS):
        variance = found.variance
        sharing = (Sharing(number, max(0.0, mean + variance)) for number, mean in observed)
        found = DependentErrors(comparisons, rate, tuple(sharing))
    return found


@dataclass(frozen=True)
class Precision:
    """Precision of an error rate at any threshold, in a Gaussian copula.

    Two comparisons err together as two normal variables of one correlation are both in a tail. The
    correlations are those of a tail of the energies that holds enough comparisons, so they are
    known where there are few errors or none.

    Attributes:
        tail: That tail: its comparisons as errors, between `TAIL` and 1 - `TAIL` of them.
        subjects: Number of subjects, discounted for unequal numbers of comparisons (`effective`).
        clusters: Number of groups of comparisons between the same subjects, discounted likewise.
            Comparisons without one error are worth no more trials than that.
    """

    tail: DependentErrors
    subjects: float
    clusters: float

    def variance(self, rate: float) -> float:
        """Variance of an error rate whose expectation is `rate`, in (0, 1)."""
        sharing = (
            Sharing(number, max(0.0, _joint(rate, correlation) - rate * rate))
            for number, correlation in self._correlations
        )
        return DependentErrors(self.tail.comparisons, rate, tuple(sharing)).variance

    def interval(self, observed: DependentErrors, quantile: float = Z) -> tuple[float, float]:
        """Compute the interval of an observed rate: (low, high) in [0, 1], around it.

        The factor is Student's quantile of the same level as the normal one that is given; the
        variance is at least the observed one.
        """
        rate, largest = observed.rate, self.clusters if self._is_extreme(observed) else math.inf
        factor = float(t.ppf(norm.cdf(quantile), max(1.0, self.subjects - 1)))
        factor *= math.sqrt(self._inflation(observed))

        def beyond(expected: float) -> float:
            variance = max(self.variance(expected), expected * (1 - expected) / largest)
            return abs(expected - rate) - factor * math.sqrt(variance)

        return _root(beyond, rate, _SMALLEST), _root(beyond, rate, 1 - _SMALLEST)

    def independent_trials(self, observed: DependentErrors) -> float:
        """Number of independent trials that would estimate the rate equally well.

        Where the rate is 0 or 1: those whose interval (`wilson`) would be as wide.
        """
        if self._is_extreme(observed):
            low, high = self.interval(observed)
            return max(1.0, Z * Z * (1 - (high - low)) / (high - low))
        variance = self.variance(observed.rate) * self._inflation(observed)
        return max(1.0, observed.rate * (1 - observed.rate) / variance)

    @cached_property
    def _correlations(self) -> list[tuple[float, float]]:
        return [(number, _correlation(self.tail.rate, c)) for number, c in self.tail.sharing]

    @staticmethod
    def _is_extreme(observed: DependentErrors) -> bool:
        return not 0 < observed.rate < 1

    def _inflation(self, observed: DependentErrors) -> float:
        if self._is_extreme(observed):
            return 1.0
        return max(1.0, observed.variance / self.variance(observed.rate))


def effective(sizes: Counts) -> float:
    """Effective number of groups of these sizes, (Σw)² / Σw² (Kish 1965)."""
    return float(sizes.sum() ** 2 / np.square(sizes).sum())


def required_trials(target: float) -> int:
    """Rule of three: number of error-free trials that show a rate below `target` at 95 %.

    The smallest n with (1 - target)^n ≤ 0.05: 29 for 10 %, 299 for 1 %, 2,995 for 0.1 %.
    """
    return math.ceil(math.log(0.05) / math.log1p(-target))


def _root(beyond: Callable[[float], float], rate: float, extreme: float) -> float:
    """Find the end of an interval between the observed rate and almost 0 or 1."""
    if rate == round(extreme) or beyond(extreme) <= 0:
        return float(round(extreme))
    start = min(max(rate, _SMALLEST), 1 - _SMALLEST)
    return float(brentq(beyond, start, extreme, xtol=1e-12))


def _joint(rate: float, correlation: float) -> float:
    """Probability that two standard normal variables are both in their lowest share `rate`.

    Φ₂(h, h; ρ) = Φ(h) - 2 T(h, √((1 - ρ) / (1 + ρ))) (Owen 1956).
    """
    bound = ndtri(rate)
    across = math.sqrt((1 - correlation) / (1 + correlation))
    return float(ndtr(bound) - 2 * owens_t(bound, across))


def _correlation(rate: float, covariance: float) -> float:
    """Correlation of two normal variables that gives this covariance of being in a tail."""

    def missing(correlation: float) -> float:
        return _joint(rate, correlation) - rate * rate - covariance

    if missing(0.0) >= 0:
        return 0.0
    if missing(_LARGEST_CORRELATION) <= 0:
        return _LARGEST_CORRELATION
    return float(brentq(missing, 0.0, _LARGEST_CORRELATION, xtol=1e-9))
