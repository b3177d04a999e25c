"""FMR and FNMR at any threshold, with intervals, and the thresholds of target rates."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import det_curve

from model.manifest import Curve, ErrorRates
from model.scoring import Energies
from training.metrics.intervals import (
    TAIL,
    DependentErrors,
    Precision,
    Z,
    clustered_errors,
    dyadic_errors,
    effective,
)
from training.metrics.pairs import PairEnergies, Subjects

Counts = NDArray[np.float64]

_DIGITS = 6
"""Significant digits of the bounds of a curve's intervals."""


class EqualError(NamedTuple):
    """Equal error: the rate and the threshold at which FMR and FNMR are closest."""

    rate: float
    threshold: float


class Share(NamedTuple):
    """Share of the pairs of one kind, and its interval over people, at 95 % by default."""

    rate: float
    interval: tuple[float, float]


class RateTable:
    """Error rates of one set of pairs at any threshold; constant sums are computed once."""

    def __init__(self, pairs: PairEnergies) -> None:
        self.pairs = pairs
        m = pairs.subjects
        self._genuine_of_subject = _count(pairs.genuine_subject, m)
        self._left, self._right = pairs.impostor_subjects.T
        self._impostor_of_subject = _count(self._left, m) + _count(self._right, m)
        self._precisions: dict[tuple[str, int, int], Precision] = {}

    def rates(self, threshold: float) -> ErrorRates:
        """Compute FMR and FNMR where energies up to `threshold` count as same."""
        fmr, fnmr = self.fmr(threshold), self.fnmr(threshold)
        return ErrorRates(
            fmr=fmr.rate,
            fmr_interval=fmr.interval,
            fnmr=fnmr.rate,
            fnmr_interval=fnmr.interval,
        )

    def fmr(self, threshold: float, quantile: float = Z) -> Share:
        """FMR at a threshold; the level of its interval is that of a two-sided normal quantile."""
        return self.share_of_impostors(0, accepted(self.pairs.impostor, threshold), quantile)

    def fnmr(self, threshold: float, quantile: float = Z) -> Share:
        """FNMR at a threshold; the level of its interval is that of a two-sided normal quantile."""
        genuine = self.pairs.genuine
        return self.share_of_genuine(accepted(genuine, threshold), len(genuine), quantile)

    def share_of_impostors(self, begin: int, end: int, quantile: float = Z) -> Share:
        """Share of the impostor pairs with these ranks, by rising energy from 0."""
        errors = self._impostors(begin, end)
        return Share(errors.rate, self._impostor_precision(begin, end).interval(errors, quantile))

    def share_of_genuine(self, begin: int, end: int, quantile: float = Z) -> Share:
        """Share of the genuine pairs with these ranks, by rising energy from 0."""
        errors = self._genuine(begin, end)
        return Share(errors.rate, self._genuine_precision(begin, end).interval(errors, quantile))

    def independent_impostors(self, threshold: float) -> int:
        """Number of independent trials that the impostor pairs are worth at a threshold."""
        matches = accepted(self.pairs.impostor, threshold)
        precision = self._impostor_precision(0, matches)
        return int(precision.independent_trials(self._impostors(0, matches)))

    @cached_property
    def _dyads(self) -> tuple[Subjects, Counts]:
        """The dyad of each impostor pair, and the pairs of each dyad."""
        lower, upper = np.minimum(self._left, self._right), np.maximum(self._left, self._right)
        _, dyad, sizes = np.unique(
            lower * self.pairs.subjects + upper, return_inverse=True, return_counts=True
        )
        return dyad, sizes.astype(np.float64)

    def _impostors(self, begin: int, end: int) -> DependentErrors:
        """Impostor pairs of some ranks as errors."""
        m, (dyad, sizes) = self.pairs.subjects, self._dyads
        return dyadic_errors(
            _count(self._left[begin:end], m) + _count(self._right[begin:end], m),
            self._impostor_of_subject,
            _count(dyad[begin:end], len(sizes)),
            sizes,
        )

    def _genuine(self, begin: int, end: int) -> DependentErrors:
        """Genuine pairs of some ranks as errors."""
        errors = _count(self.pairs.genuine_subject[begin:end], self.pairs.subjects)
        return clustered_errors(errors, self._genuine_of_subject)

    def _impostor_precision(self, begin: int, end: int) -> Precision:
        window = _tail(begin, end, len(self.pairs.impostor))
        if ("impostor", *window) not in self._precisions:
            self._precisions["impostor", *window] = Precision(
                self._impostors(*window),
                effective(self._impostor_of_subject),
                effective(self._dyads[1]),
            )
        return self._precisions["impostor", *window]

    def _genuine_precision(self, begin: int, end: int) -> Precision:
        pairs = len(self.pairs.genuine)
        above, below = _tail(pairs - end, pairs - begin, pairs)  # From the highest energy on.
        window = pairs - below, pairs - above
        if ("genuine", *window) not in self._precisions:
            subjects = effective(self._genuine_of_subject)
            self._precisions["genuine", *window] = Precision(
                self._genuine(*window), subjects, subjects
            )
        return self._precisions["genuine", *window]


def equal_error(pairs: PairEnergies) -> EqualError:
    """Compute the equal error rate: the mean of FMR and FNMR where they are closest."""
    fmr, fnmr, scores = det_curve(pairs.is_genuine, -pairs.all_energies.astype(np.float64))
    closest = int(np.argmin(np.abs(fmr - fnmr)))
    return EqualError(float(fmr[closest] + fnmr[closest]) / 2, float(-scores[closest]))


def threshold_at_fmr(impostor: Energies, target: float) -> float:
    """Highest threshold at which the FMR of rising energies does not exceed the target, in (0, 1).

    It lies midway between two observed energies, so that rounding cannot change a decision.
    """
    first_rejected = impostor[min(int(target * len(impostor)), len(impostor) - 1)]
    accepted = int(np.searchsorted(impostor, first_rejected, side="left"))
    if accepted == 0:
        return float(np.nextafter(np.float64(first_rejected), -np.inf))
    return (float(impostor[accepted - 1]) + float(first_rejected)) / 2


def fnmr_at_fmr(genuine: Energies, impostor: Energies, target: float) -> float:
    """FNMR at the highest FMR that does not exceed a target, in (0, 1), of rising energies."""
    return 1 - accepted(genuine, threshold_at_fmr(impostor, target)) / len(genuine)


def curve(table: RateTable, points: int = 32) -> Curve:
    """Compute error rates from a threshold that rejects all pairs to one that accepts all.

    Half of the thresholds are spaced evenly in log FMR, where operating points lie; half are
    quantiles of the genuine energies, where FNMR changes.
    """
    pairs = table.pairs
    smallest = max(1 / len(pairs.impostor), 1e-6)
    chosen = (
        np.quantile(pairs.impostor, np.geomspace(smallest, 1, points)),
        np.quantile(pairs.genuine, np.linspace(0, 1, points)),
        [np.nextafter(pairs.all_energies.min(), -np.inf), pairs.all_energies.max()],
    )
    thresholds = np.unique(np.concatenate(chosen).astype(np.float64))
    return Curve(
        thresholds=tuple(thresholds.tolist()),
        rates=tuple(_rounded(table.rates(threshold)) for threshold in thresholds),
    )


def _rounded(rates: ErrorRates) -> ErrorRates:
    """Round the bounds of intervals, which fill most of a manifest; the rates stay inside."""

    def bounds(interval: tuple[float, float], rate: float) -> tuple[float, float]:
        low, high = (float(f"{bound:.{_DIGITS}g}") for bound in interval)
        return min(low, rate), max(high, rate)

    return rates.model_copy(
        update={
            "fmr_interval": bounds(rates.fmr_interval, rates.fmr),
            "fnmr_interval": bounds(rates.fnmr_interval, rates.fnmr),
        }
    )


def _tail(begin: int, end: int, comparisons: int) -> tuple[int, int]:
    """Return the range of the comparisons whose dependence stands for that of the errors.

    It is that of the errors, widened to `TAIL` of the comparisons, or cut off at all but as many.
    """
    smallest = max(1, round(TAIL * comparisons))
    size = min(max(end - begin, smallest), max(smallest, comparisons - smallest))
    middle = begin - (size - (end - begin)) // 2
    begin = min(max(0, middle), comparisons - size) if begin else 0
    return begin, begin + size


def accepted(rising: Energies, threshold: float) -> int:
    """Count the energies, in rising order, up to a threshold."""
    return int(np.searchsorted(rising.astype(np.float64), threshold, side="right"))


def _count(indices: NDArray[np.int64], size: int) -> Counts:
    return np.bincount(indices, minlength=size).astype(np.float64)
