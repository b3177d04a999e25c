"""Error rates of groups of pairs, and their spread over identities.

A group is compared with all pairs by its interval, at a level that is corrected for the number of
rates that are compared (Bonferroni): without it, one interval in twenty misses by chance. The ratio
of a group's rate to the overall one has the ends of the group's interval over the overall rate,
which is taken as known. That is a little too wide, since the group is part of the whole.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from model.manifest import OperatingPoint
from model.schema.conditions import Conditions, Group, GroupRate, Spread
from training.metrics.intervals import effective, required_trials
from training.metrics.pairs import PairEnergies, Rows, Subjects
from training.metrics.rates import RateTable, Share, accepted

LEAST_IDENTITIES = 10
"""Effective number of identities from which on the intervals' coverage was tested."""
LEAST_GENUINE_PAIRS, LEAST_IMPOSTOR_PAIRS = 6, 100
"""Pairs that an identity needs to count in the spread: those of four images, and of FMR 1 %."""
_MISSES = 0.05
_THIRDS = (1 / 3, 2 / 3)
_THIRD_NAMES = ("most usual third", "middle third", "least usual third")

Mask = NDArray[np.bool_]
PairMasks = tuple[Mask, Mask]
"""Chosen genuine pairs and chosen impostor pairs."""


class Compared(NamedTuple):
    """All pairs, and the operating point at which groups of them are measured."""

    pairs: PairEnergies
    point: OperatingPoint
    overall: RateTable

    @classmethod
    def of(cls, pairs: PairEnergies, point: OperatingPoint) -> "Compared":
        """Take pairs with the default operating point of their bundle."""
        return cls(pairs, point, RateTable(pairs))


def measure_conditions(
    pairs: PairEnergies, point: OperatingPoint, percentiles: NDArray[np.float64] | None = None
) -> Conditions:
    """Measure pairs by condition, at an operating point.

    Args:
        pairs: The test pairs, with the rows of their images where `percentiles` are given.
        point: The default operating point.
        percentiles: Domain percentile of each image, (images,); None without a domain check.
    """
    compared = Compared.of(pairs, point)
    domain = None if percentiles is None else domain_thirds(compared, percentiles)
    return Conditions(
        threshold=point.threshold,
        overall=compared.overall.rates(point.threshold),
        domain=domain,
        fmr_spread=fmr_spread(pairs, point.threshold),
        fnmr_spread=fnmr_spread(pairs, point.threshold),
    )


def domain_thirds(compared: Compared, percentiles: NDArray[np.float64]) -> tuple[Group, ...]:
    """Compare groups by the percentile of the less usual image of a pair: thirds of [0, 1]."""

    def third(images: Rows) -> NDArray[np.int64]:
        index: NDArray[np.int64] = np.digitize(percentiles[images].max(axis=1), _THIRDS)
        return index

    genuine, impostor = (third(images) for images in _images(compared.pairs))
    masks = {name: (genuine == index, impostor == index) for index, name in enumerate(_THIRD_NAMES)}
    return compare_groups(compared, masks)


def label_groups(
    compared: Compared, labels: Sequence[str | None], across: str = "across groups"
) -> tuple[Group, ...]:
    """Compare the pairs within each group of images, and those across groups.

    Args:
        compared: All pairs, with the rows of their images.
        labels: The group of each image, (images,); None for an image of no group.
        across: Name of the group of pairs across groups.

    Returns:
        One group of pairs for each label, sorted by name, then the pairs across them.
    """
    names = sorted({label for label in labels if label is not None})
    index = {name: i for i, name in enumerate(names)}
    group = np.array([-1 if label is None else index[label] for label in labels])
    (g, h), (i, j) = (group[images].T for images in _images(compared.pairs))
    masks = {name: ((g == k) & (h == k), (i == k) & (j == k)) for name, k in index.items()}
    both = ((g != h) & (g >= 0) & (h >= 0), (i != j) & (i >= 0) & (j >= 0))
    return compare_groups(compared, masks | {across: both})


def compare_groups(compared: Compared, masks: Mapping[str, PairMasks]) -> tuple[Group, ...]:
    """Measure each group of pairs, by name, and compare its rates with those of all pairs."""
    rates = sum(bool(mask.any()) for both in masks.values() for mask in both)
    quantile = float(norm.isf(_MISSES / 2 / max(1, rates)))
    return tuple(_measure_group(compared, name, both, quantile) for name, both in masks.items())


def _measure_group(compared: Compared, name: str, chosen: PairMasks, quantile: float) -> Group:
    pairs, threshold = compared.pairs.take(*chosen), compared.point.threshold
    table, whole = RateTable(pairs), compared.overall.rates(threshold)
    fmr = fnmr = None
    if len(pairs.impostor):
        shares = table.fmr(threshold), table.fmr(threshold, quantile)
        fmr = _group_rate(whole.fmr, *shares, pairs.impostor_subjects)
        if not _supports(table, compared.point):
            fmr = fmr.model_copy(update={"supported": False})
    if len(pairs.genuine):
        shares = table.fnmr(threshold), table.fnmr(threshold, quantile)
        fnmr = _group_rate(whole.fnmr, *shares, pairs.genuine_subject)
    return Group(name=name, fmr=fmr, fnmr=fnmr)


def _group_rate(overall: float, share: Share, strict: Share, subjects: Subjects) -> GroupRate:
    """Compare a rate with the overall one; `subjects` are those of each pair."""
    _, counts = np.unique(subjects, return_counts=True)
    low, high = share.interval
    return GroupRate(
        pairs=len(subjects),
        identities=len(counts),
        rate=share.rate,
        interval=share.interval,
        supported=effective(counts.astype(np.float64)) >= LEAST_IDENTITIES,
        ratio=share.rate / overall if overall else None,
        ratio_interval=(low / overall, high / overall) if overall else None,
        differs=not strict.interval[0] <= overall <= strict.interval[1],
    )


def _supports(table: RateTable, point: OperatingPoint) -> bool:
    """Check that impostor pairs are worth enough independent trials for the point's target FMR."""
    if point.target_fmr is None:
        return True
    return table.independent_impostors(point.threshold) >= required_trials(point.target_fmr)


def fnmr_spread(pairs: PairEnergies, threshold: float) -> Spread | None:
    """FNMR of each identity with pairs enough, at a threshold."""
    errors = pairs.genuine_subject[accepted(pairs.genuine, threshold) :]
    return _spread(
        np.bincount(errors, minlength=pairs.subjects),
        np.bincount(pairs.genuine_subject, minlength=pairs.subjects),
        LEAST_GENUINE_PAIRS,
    )


def fmr_spread(pairs: PairEnergies, threshold: float) -> Spread | None:
    """FMR of each identity with pairs enough, at a threshold: of its pairs with all others."""
    errors = pairs.impostor_subjects[: accepted(pairs.impostor, threshold)]
    return _spread(
        np.bincount(errors.ravel(), minlength=pairs.subjects),
        np.bincount(pairs.impostor_subjects.ravel(), minlength=pairs.subjects),
        LEAST_IMPOSTOR_PAIRS,
    )


def _spread(errors: NDArray[Any], counts: NDArray[Any], least: int) -> Spread | None:
    enough = counts >= least
    if not enough.any():
        return None
    rates = errors[enough] / counts[enough]
    low, median, high = np.quantile(rates, (0.01, 0.5, 0.99))
    return Spread(
        least_pairs=least,
        identities=int(enough.sum()),
        low=low,
        median=median,
        high=high,
        free=float(np.mean(rates == 0)),
    )


def _images(pairs: PairEnergies) -> tuple[Rows, Rows]:
    """Rows of the images of the genuine and of the impostor pairs."""
    if pairs.genuine_images is None or pairs.impostor_images is None:
        raise ValueError("pairs of several measurements have no common rows of images")
    return pairs.genuine_images, pairs.impostor_images
