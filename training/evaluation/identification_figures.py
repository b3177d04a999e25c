"""One against many: thresholds chosen on the calibration part, measured on the test part."""

from model.manifest import (
    Accuracy,
    GalleryRates,
    Identification,
    IdentificationPoint,
    IdentificationRates,
)
from training.data.image_set import ImageSet
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import EmbeddingComparer
from training.metrics.identification.fnir import FnirTable
from training.metrics.identification.fpir import FpirTable
from training.metrics.identification.searches import Searches, search
from training.metrics.intervals import required_trials
from training.metrics.pairs import PairEnergies
from training.metrics.rates import RateTable

TARGETS = (0.1, 0.05, 0.01)
"""Target FPIRs."""
SIZES = tuple(digit * 10**power for power in range(4) for digit in (1, 2, 5))
"""Sizes of galleries: 1, 2, 5, 10 and so on."""
LEAST_PEOPLE = 30
"""People whom each part needs."""
_DIGITS = 6


def measure_identification(
    system: SystemUnderTest, test: PairEnergies, accuracy: Accuracy, images_per_identity: int
) -> Identification | None:
    """Measure one against many.

    None of a pair model, of a closed set of identities, of listed pairs (identities are not known),
    and where a part has fewer than `LEAST_PEOPLE`.

    Args:
        system: The system.
        test: All pairs of its test part, which give FNMR and FNIR.
        accuracy: Its test figures, whose curve has the thresholds of the table.
        images_per_identity: Largest number of images of one identity that are compared.

    Raises:
        DataError: No image of a part can be read.
    """
    parts = [part.bounded(images_per_identity) for part in (system.calibrated, system.tested)]
    if not isinstance(system.comparer, EmbeddingComparer) or system.is_closed_set:
        return None
    if any(part.listed is not None or len(part.counts()) < LEAST_PEOPLE for part in parts):
        return None
    chosen, kept = (_searches(system, system.comparer, part) for part in parts)
    if min(chosen.people, kept.people) < LEAST_PEOPLE:
        return None
    tables = [FpirTable(kept, size) for size in SIZES if size <= kept.largest_gallery]
    rates, missed = RateTable(test), FnirTable(test)
    fnir = [missed.fnir(threshold) for threshold in accuracy.curve.thresholds]
    return Identification(
        people=kept.people,
        points=tuple(
            _point(target, FpirTable(chosen, table.size), table, rates)
            for table in tables
            if table.size <= chosen.largest_gallery
            for target in TARGETS
        ),
        galleries=tuple(_gallery(table, accuracy) for table in tables),
        fnir=tuple(round(rate, _DIGITS) for rate, _ in fnir),
        fnir_intervals=tuple(_rounded(interval) for _, interval in fnir),
    )


def _searches(system: SystemUnderTest, comparer: EmbeddingComparer, images: ImageSet) -> Searches:
    decoded = system.decode(images)
    embeddings = comparer.embed(decoded.pixels)
    return search(embeddings, decoded.source.labels(), comparer.metric)


def _point(
    target: float, chosen: FpirTable, tested: FpirTable, rates: RateTable
) -> IdentificationPoint:
    threshold = chosen.searches.threshold(chosen.size, target)
    trials = int(chosen.fpir(threshold).trials)
    fpir, others = tested.fpir(threshold), rates.rates(threshold)
    return IdentificationPoint(
        gallery_size=chosen.size,
        target_fpir=target,
        threshold=threshold,
        independent_probes=trials,
        supported=trials >= required_trials(target),
        test=IdentificationRates(
            fpir=fpir.rate,
            fpir_interval=fpir.interval,
            fnmr=others.fnmr,
            fnmr_interval=others.fnmr_interval,
        ),
    )


def _gallery(table: FpirTable, accuracy: Accuracy) -> GalleryRates:
    found = [table.fpir(threshold) for threshold in accuracy.curve.thresholds]
    return GalleryRates(
        gallery_size=table.size,
        fpir=tuple(round(each.rate, _DIGITS) for each in found),
        fpir_intervals=tuple(_rounded(each.interval) for each in found),
    )


def _rounded(interval: tuple[float, float]) -> tuple[float, float]:
    return round(interval[0], _DIGITS), round(interval[1], _DIGITS)
