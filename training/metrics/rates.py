"""FMR and FNMR at any threshold, with intervals, and the thresholds of target rates."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import det_curve

from model.manifest import Curve, ErrorRates
from model.scoring import Energies
from training.metrics import intervals
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
        self._with_genuine = self._genuine_of_subject > 0
        self._left, self._right = pairs.impostor_subjects.T
        self._impostor_of_subject = _count(self._left, m) + _count(self._right, m)
        lower, upper = np.minimum(self._left, self._right), np.maximum(self._left, self._right)
        _, self._dyad, dyad_sizes = np.unique(
            lower * m + upper, return_inverse=True, return_counts=True
        )
        self._impostor_of_dyad = dyad_sizes.astype(np.float64)

    def rates(self, threshold: float) -> ErrorRates:
        """Compute FMR and FNMR where energies up to `threshold` count as same."""
        fmr, trials = self._fmr(threshold)
        fnmr, genuine_trials = self._fnmr(threshold)
        return ErrorRates(
            fmr=fmr,
            fmr_interval=intervals.wilson(fmr, trials),
            fnmr=fnmr,
            fnmr_interval=intervals.wilson(fnmr, genuine_trials),
        )

    def independent_impostors(self, threshold: float) -> int:
        """Number of independent trials that the impostor pairs are worth at a threshold."""
        return int(self._fmr(threshold)[1])

    def _fmr(self, threshold: float) -> tuple[float, float]:
        """FMR, and the number of independent trials that it rests on."""
        pairs, m, dyads = self.pairs, self.pairs.subjects, len(self._impostor_of_dyad)
        accepted = _accepted(pairs.impostor, threshold)
        rate = accepted / len(pairs.impostor)
        variance = intervals.dyadic_variance(
            _count(self._left[:accepted], m) + _count(self._right[:accepted], m),
            self._impostor_of_subject,
            _count(self._dyad[:accepted], dyads),
            self._impostor_of_dyad,
        )
        return rate, intervals.independent_trials(rate, variance, dyads, at_extremes=m // 2)

    def _fnmr(self, threshold: float) -> tuple[float, float]:
        """FNMR, and the number of independent trials that it rests on."""
        pairs = self.pairs
        accepted = _accepted(pairs.genuine, threshold)
        errors = _count(pairs.genuine_subject[accepted:], pairs.subjects)
        rate = 1 - accepted / len(pairs.genuine)
        variance = intervals.clustered_variance(
            errors[self._with_genuine], self._genuine_of_subject[self._with_genuine]
        )
        trials = intervals.independent_trials(
            rate, variance, len(pairs.genuine), at_extremes=float(self._with_genuine.sum())
        )
        return rate, trials


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


def _accepted(rising: Energies, threshold: float) -> int:
    return int(np.searchsorted(rising.astype(np.float64), threshold, side="right"))


def _count(indices: NDArray[np.int64], size: int) -> Counts:
    return np.bincount(indices, minlength=size).astype(np.float64)
