"""FMR and FNMR at any threshold, with intervals, and the thresholds of target rates."""

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
    clustered_errors,
    dyadic_errors,
    effective,
)
from training.metrics.pairs import PairEnergies

Counts = NDArray[np.float64]


class EqualError(NamedTuple):
    """Equal error: the rate and the threshold at which FMR and FNMR are closest."""

    rate: float
    threshold: float


class RateTable:
    """Error rates of one set of pairs at any threshold; constant sums are computed once."""

    def __init__(self, pairs: PairEnergies) -> None:
        self.pairs = pairs
        m = pairs.subjects
        self._genuine_of_subject = _count(pairs.genuine_subject, m)
        self._left, self._right = pairs.impostor_subjects.T
        self._impostor_of_subject = _count(self._left, m) + _count(self._right, m)
        lower, upper = np.minimum(self._left, self._right), np.maximum(self._left, self._right)
        _, self._dyad, dyad_sizes = np.unique(
            lower * m + upper, return_inverse=True, return_counts=True
        )
        self._impostor_of_dyad = dyad_sizes.astype(np.float64)
        self._precisions: dict[tuple[str, int], Precision] = {}

    def rates(self, threshold: float) -> ErrorRates:
        """Compute FMR and FNMR where energies up to `threshold` count as same."""
        matches = _accepted(self.pairs.impostor, threshold)
        non_matches = len(self.pairs.genuine) - _accepted(self.pairs.genuine, threshold)
        fmr, fnmr = self._false_matches(matches), self._false_non_matches(non_matches)
        return ErrorRates(
            fmr=fmr.rate,
            fmr_interval=self._precision_of_fmr(matches).interval(fmr),
            fnmr=fnmr.rate,
            fnmr_interval=self._precision_of_fnmr(non_matches).interval(fnmr),
        )

    def independent_impostors(self, threshold: float) -> int:
        """Number of independent trials that the impostor pairs are worth at a threshold."""
        matches = _accepted(self.pairs.impostor, threshold)
        precision = self._precision_of_fmr(matches)
        return int(precision.independent_trials(self._false_matches(matches)))

    def _false_matches(self, count: int) -> DependentErrors:
        """The `count` impostor pairs of lowest energy as errors."""
        m, dyads = self.pairs.subjects, len(self._impostor_of_dyad)
        return dyadic_errors(
            _count(self._left[:count], m) + _count(self._right[:count], m),
            self._impostor_of_subject,
            _count(self._dyad[:count], dyads),
            self._impostor_of_dyad,
        )

    def _false_non_matches(self, count: int) -> DependentErrors:
        """The `count` genuine pairs of highest energy as errors."""
        subject = self.pairs.genuine_subject
        errors = _count(subject[len(subject) - count :], self.pairs.subjects)
        return clustered_errors(errors, self._genuine_of_subject)

    def _precision_of_fmr(self, count: int) -> Precision:
        size = _tail(count, len(self.pairs.impostor))
        if ("fmr", size) not in self._precisions:
            self._precisions["fmr", size] = Precision(
                self._false_matches(size),
                effective(self._impostor_of_subject),
                effective(self._impostor_of_dyad),
            )
        return self._precisions["fmr", size]

    def _precision_of_fnmr(self, count: int) -> Precision:
        size = _tail(count, len(self.pairs.genuine))
        if ("fnmr", size) not in self._precisions:
            subjects = effective(self._genuine_of_subject)
            self._precisions["fnmr", size] = Precision(
                self._false_non_matches(size), subjects, subjects
            )
        return self._precisions["fnmr", size]


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
    return 1 - _accepted(genuine, threshold_at_fmr(impostor, target)) / len(genuine)


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
        rates=tuple(table.rates(threshold) for threshold in thresholds),
    )


def _tail(errors: int, comparisons: int) -> int:
    """Number of comparisons whose dependence stands for that of the errors."""
    smallest = max(1, round(TAIL * comparisons))
    return min(max(errors, smallest), max(smallest, comparisons - smallest))


def _accepted(rising: Energies, threshold: float) -> int:
    return int(np.searchsorted(rising.astype(np.float64), threshold, side="right"))


def _count(indices: NDArray[np.int64], size: int) -> Counts:
    return np.bincount(indices, minlength=size).astype(np.float64)
