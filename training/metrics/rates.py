"""FMR and FNMR at any threshold, with intervals, and the thresholds worth asking for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import det_curve

from model.manifest import Curve, ErrorRates
from model.scoring import Energies
from training.metrics import intervals
from training.metrics.pairs import PairEnergies

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class EqualError:
    """Where FMR and FNMR meet: the rate, and the threshold."""

    rate: float
    threshold: float


class RateTable:
    """Error rates of one set of pairs at any threshold; sums that do not change are kept."""

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
        """FMR and FNMR where energies up to `threshold` count as same."""
        fmr, trials = self._fmr(threshold)
        fnmr, genuine_trials = self._fnmr(threshold)
        return ErrorRates(
            fmr=fmr,
            fmr_interval=intervals.wilson(fmr, trials),
            fnmr=fnmr,
            fnmr_interval=intervals.wilson(fnmr, genuine_trials),
        )

    def independent_impostors(self, threshold: float) -> int:
        """What the impostor pairs are worth as independent trials of the FMR at a threshold."""
        return int(self._fmr(threshold)[1])

    def _fmr(self, threshold: float) -> tuple[float, float]:
        """The FMR, and the independent trials behind it."""
        pairs, m = self.pairs, self.pairs.subjects
        accepted = _accepted(pairs.impostor, threshold)
        rate = accepted / len(pairs.impostor)
        variance = intervals.dyadic_variance(
            _count(self._left[:accepted], m) + _count(self._right[:accepted], m),
            self._impostor_of_subject,
            _count(self._dyad[:accepted], len(self._impostor_of_dyad)),
            self._impostor_of_dyad,
        )
        dyads = len(self._impostor_of_dyad)
        return rate, intervals.independent_trials(rate, variance, most=dyads, at_extremes=m // 2)

    def _fnmr(self, threshold: float) -> tuple[float, float]:
        """The FNMR, and the independent trials behind it."""
        pairs = self.pairs
        accepted = _accepted(pairs.genuine, threshold)
        errors = _count(pairs.genuine_subject[accepted:], pairs.subjects)
        rate = 1 - accepted / len(pairs.genuine)
        variance = intervals.clustered_variance(
            errors[self._with_genuine], self._genuine_of_subject[self._with_genuine]
        )
        trials = intervals.independent_trials(
            rate, variance, most=len(pairs.genuine), at_extremes=float(self._with_genuine.sum())
        )
        return rate, trials


def equal_error(pairs: PairEnergies) -> EqualError:
    """The equal error rate: the mean of FMR and FNMR where they are closest."""
    fmr, fnmr, scores = det_curve(pairs.is_genuine, -pairs.all_energies.astype(np.float64))
    closest = int(np.argmin(np.abs(fmr - fnmr)))
    return EqualError(float(fmr[closest] + fnmr[closest]) / 2, float(-scores[closest]))


def threshold_at_fmr(impostor: Energies, target: float) -> float:
    """The highest threshold at which the FMR does not exceed the target.

    It lies midway between two energies that were seen, so that rounding cannot move a decision.

    Args:
        impostor: Energies of impostor pairs, rising.
        target: In (0, 1).
    """
    first_refused = impostor[min(int(target * len(impostor)), len(impostor) - 1)]
    accepted = int(np.searchsorted(impostor, first_refused, side="left"))
    if accepted == 0:
        return float(np.nextafter(np.float64(first_refused), -np.inf))
    return (float(impostor[accepted - 1]) + float(first_refused)) / 2


def fnmr_at_fmr(genuine: Energies, impostor: Energies, target: float) -> float:
    """The FNMR where the FMR is the highest that does not exceed a target.

    Args:
        genuine: Energies of genuine pairs, rising.
        impostor: Energies of impostor pairs, rising.
        target: In (0, 1).
    """
    threshold = threshold_at_fmr(impostor, target)
    return 1 - _accepted(genuine, threshold) / len(genuine)


def curve(table: RateTable, points: int = 32) -> Curve:
    """Error rates from all refused to all accepted.

    Half of the thresholds are spaced evenly in log FMR, where operating points lie; half follow the
    genuine energies' quantiles, where FNMR changes.
    """
    pairs = table.pairs
    smallest = max(1 / len(pairs.impostor), 1e-6)
    wanted = np.geomspace(smallest, 1, points)
    thresholds = np.unique(
        np.concatenate(
            [
                np.quantile(pairs.impostor, wanted),
                np.quantile(pairs.genuine, np.linspace(0, 1, points)),
                [np.nextafter(pairs.all_energies.min(), -np.inf), pairs.all_energies.max()],
            ]
        ).astype(np.float64)
    )
    return Curve(
        thresholds=tuple(thresholds.tolist()),
        rates=tuple(table.rates(threshold) for threshold in thresholds),
    )


def _accepted(rising: Energies, threshold: float) -> int:
    return int(np.searchsorted(rising.astype(np.float64), threshold, side="right"))


def _count(indices: NDArray[np.int64], size: int) -> Counts:
    return np.bincount(indices, minlength=size).astype(np.float64)
