"""Operating points, chosen on the calibration subjects and measured on the test subjects."""

import numpy as np

from model.manifest import (
    Accuracy,
    Benchmark,
    Calibration,
    Histogram,
    LikelihoodRatio,
    OperatingPoint,
)
from training.metrics import likelihood
from training.metrics.intervals import required_trials
from training.metrics.pairs import PairEnergies
from training.metrics.rates import RateTable, curve, equal_error, threshold_at_fmr
from training.metrics.targets import DEFAULT_TARGET, TARGETS

_BINS = 64


def calibrate(calibration: PairEnergies, test: PairEnergies) -> Calibration:
    """Choose every operating point on the calibration pairs; measure each on the test pairs too."""
    chosen, tested = RateTable(calibration), RateTable(test)
    equal = equal_error(calibration)
    thresholds = [(target, threshold_at_fmr(calibration.impostor, target)) for target in TARGETS]
    points = [
        _point(target, threshold, chosen, tested)
        for target, threshold in (*thresholds, (None, equal.threshold))
    ]
    default = _default(points)
    ratio = likelihood.fit(calibration, points[default].independent_impostors)
    return Calibration(
        sample=calibration.sample,
        operating_points=tuple(points),
        default=default,
        eer=equal.rate,
        likelihood_ratio=ratio,
        cllr=likelihood.cllr(ratio, calibration),
        min_cllr=likelihood.min_cllr(calibration),
        histogram=_histogram(calibration),
    )


def limited_to(calibration: Calibration, other: Calibration) -> Calibration:
    """Support no target FMR that another calibration does not, that of another graph."""
    supported = supported_targets(other)
    points = [
        each.model_copy(update={"supported": each.supported and each.target_fmr in supported})
        for each in calibration.operating_points
    ]
    changes = {"operating_points": tuple(points), "default": _default(points)}
    return calibration.model_copy(update=changes)


def supported_targets(calibration: Calibration) -> frozenset[float | None]:
    """Return the target FMRs that a calibration supports; None is that of equal errors."""
    return frozenset(each.target_fmr for each in calibration.operating_points if each.supported)


def measure(
    test: PairEnergies,
    ratio: LikelihoodRatio,
    protocol: str,
    benchmarks: tuple[Benchmark, ...] = (),
) -> Accuracy:
    """Measure the test pairs, on which nothing was chosen."""
    equal = equal_error(test)
    return Accuracy(
        protocol=protocol,
        sample=test.sample,
        eer=equal.rate,
        eer_threshold=equal.threshold,
        cllr=likelihood.cllr(ratio, test),
        min_cllr=likelihood.min_cllr(test),
        curve=curve(RateTable(test)),
        benchmarks=benchmarks,
    )


def _point(
    target: float | None, threshold: float, chosen: RateTable, tested: RateTable
) -> OperatingPoint:
    trials = chosen.independent_impostors(threshold)
    return OperatingPoint(
        target_fmr=target,
        threshold=threshold,
        independent_impostors=trials,
        supported=target is None or trials >= required_trials(target),
        calibration=chosen.rates(threshold),
        test=tested.rates(threshold),
    )


def _default(points: list[OperatingPoint]) -> int:
    """Index of FMR 1 %, else of the strictest supported larger target, else of the equal error."""
    supported = [
        i for i, p in enumerate(points) if p.supported and (p.target_fmr or 0) >= DEFAULT_TARGET
    ]
    return supported[-1] if supported else len(points) - 1


def _histogram(pairs: PairEnergies) -> Histogram:
    low = min(0.0, float(pairs.all_energies.min()))  # A pair model's energies may be negative.
    high = float(pairs.all_energies.max())
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    genuine, impostor = (
        np.histogram(energies, edges)[0] / len(energies)
        for energies in (pairs.genuine, pairs.impostor)
    )
    return Histogram(edges=tuple(edges), genuine=tuple(genuine), impostor=tuple(impostor))
