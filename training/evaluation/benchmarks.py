"""Accuracy on the published lists of pairs that come with a data set, for a manifest."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model.manifest import Benchmark, Calibration
from model.scoring import Energies, is_same
from training.data.image_set import OfficialPair
from training.evaluation.system import Indices, SystemUnderTest
from training.metrics.identity_error import error_over_identities
from training.metrics.verification import ten_fold_accuracy

TEN_FOLD = "accuracy, ten-fold best threshold"
CALIBRATED = "accuracy, equal-error threshold of the calibration people"


def benchmarks(system: SystemUnderTest, calibration: Calibration) -> Iterator[Benchmark]:
    """Measure each list whose images are all unseen, by two kinds of threshold.

    The published one takes a fold's threshold from the other nine folds, so it is chosen on pairs
    of the list. The other one is the calibration's equal-error point, chosen on other people, as a
    deployment has to. Standard errors are those of a given threshold over other people; a threshold
    that is chosen on the list adds about a tenth (decision 45).

    Raises:
        DataError: An image of a list cannot be read.
    """
    unseen = {image.name for image in system.tested}
    for name, pairs in system.images.official_pairs.items():
        if {image for left, right, _ in pairs for image in (left, right)} <= unseen:
            yield from _measure(system, name, pairs, calibration)


def _measure(
    system: SystemUnderTest, name: str, pairs: Sequence[OfficialPair], calibration: Calibration
) -> Iterator[Benchmark]:
    same = np.array([kind for *_, kind in pairs])
    energies = _decided(system.listed_energies(pairs), same)
    accuracy, right = ten_fold_accuracy(energies, same)
    measured = [(TEN_FOLD, accuracy, right)]
    for point in calibration.operating_points:
        if point.target_fmr is None:
            decided = is_same(energies, point.threshold) == same
            measured.append((CALIBRATED, float(decided.mean()), decided))
    first, second = _identities(system, pairs)
    for measure, value, decided in measured:
        yield Benchmark(
            name=name,
            measure=measure,
            value=value,
            standard_error=error_over_identities(decided, first, second),
            standard_error_over="identities",
            pairs=len(pairs),
        )


def _decided(energies: Energies, same: NDArray[np.bool_]) -> Energies:
    """Give pairs without an energy one by which every threshold decides them wrongly."""
    lowest, highest = np.nanmin(energies) - 1, np.nanmax(energies) + 1
    return np.where(np.isnan(energies), np.where(same, highest, lowest), energies)


def _identities(system: SystemUnderTest, pairs: Sequence[OfficialPair]) -> tuple[Indices, Indices]:
    """Number the identities of both images of each pair, from 0: each (pairs,)."""
    images = system.images.only(name for left, right, _ in pairs for name in (left, right))
    label = dict(zip((image.name for image in images), images.labels().tolist(), strict=True))
    first = np.array([label[left] for left, *_ in pairs])
    second = np.array([label[right] for _, right, _ in pairs])
    return first, second
