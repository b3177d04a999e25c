"""Judgement of a data set by its size: target FMRs, widths of intervals, and the kind of training.

Before a training the variance of an error rate is unknown, so its effective number of independent
trials (decision 1) is bounded: half the identities at least, and the pairs of images of two
identities at most. The expectation between the two is `EXPECTED_PER_IDENTITY` trials for each
identity, which is what the shipped bundles have at FMR 10 %: 10 to 77 identities nearly all pairs,
606 about 28 each.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.schema.fields import Frozen
from training.data.image_set import OfficialPair
from training.metrics.intervals import required_trials, wilson
from training.metrics.targets import TARGETS

EXPECTED_PER_IDENTITY = 25
"""Expected independent impostor trials for each identity, up to all pairs of identities."""
FEW_IDENTITIES = 100
"""Training identities below which trained weights are the better start (docs/train.md)."""
_MIN_PAIRS = required_trials(max(TARGETS))
_QUOTED_FNMR = 0.1
"""FNMR whose interval is quoted: the width hardly depends on it."""


class TargetSupport(Frozen):
    """Support of a target FMR by the calibration part, as far as it is known before training."""

    target_fmr: float
    required_trials: int
    """Independent impostor trials without an error that show it (the rule of three)."""
    support: str
    """`yes`, `expected`, `possible` or `no`."""


class Interval(Frozen):
    """Expected 95 % interval of a rate that is measured on the test part."""

    rate: str
    value: float
    low: float
    high: float


class DataSupport(Frozen):
    """Figures that a data set can support."""

    targets: tuple[TargetSupport, ...]
    intervals: tuple[Interval, ...]
    warnings: tuple[str, ...]
    advice: str


@dataclass(frozen=True)
class _Part:
    """Identities of a part, and distinct pairs of them that are compared as impostors.

    `comparisons` are the pairs of their images.
    """

    identities: int
    genuine: int
    """Those with a genuine pair."""
    pairs: int
    comparisons: int

    @property
    def least(self) -> float:
        """Independent impostor trials that are certain."""
        return min(self.identities / 2, self.pairs)

    @property
    def expected(self) -> float:
        """Independent impostor trials to expect."""
        return min(self.pairs, EXPECTED_PER_IDENTITY * self.identities)


def support_of(
    owners: Mapping[str, Mapping[str, str]], listed: Sequence[OfficialPair] | None
) -> DataSupport:
    """Judge the parts `train`, `calibration` and `test` of a split.

    Args:
        owners: Of each part, the names of its images with their identities.
        listed: The pairs of a list of pairs; None where every two images are compared.
    """
    train, calibration, test = (
        _part(owners[part], listed) for part in ("train", "calibration", "test")
    )
    targets = tuple(_target(target, calibration) for target in TARGETS)
    return DataSupport(
        targets=targets,
        intervals=tuple(_intervals(targets, test)),
        warnings=tuple(_warnings(calibration, test)),
        advice=_advice(train, listed=listed is not None),
    )


def _part(owner: Mapping[str, str], listed: Sequence[OfficialPair] | None) -> _Part:
    counts = Counter(owner.values())
    if listed is None:
        several = sum(count > 1 for count in counts.values())
        genuine_pairs = sum(math.comb(count, 2) for count in counts.values())
        comparisons = math.comb(counts.total(), 2) - genuine_pairs
        return _Part(len(counts), several, math.comb(len(counts), 2), comparisons)
    both = [pair for pair in listed if pair[0] in owner and pair[1] in owner]
    genuine = {owner[left] for left, _, same in both if same}
    impostor = {frozenset((owner[a], owner[b])) for a, b, same in both if not same}
    return _Part(len(counts), len(genuine), len(impostor), sum(not same for *_, same in both))


def _target(target: float, calibration: _Part) -> TargetSupport:
    required = required_trials(target)
    bounds = {
        "yes": calibration.least,
        "expected": calibration.expected,
        "possible": calibration.comparisons,
    }
    support = next((word for word, trials in bounds.items() if trials >= required), "no")
    return TargetSupport(target_fmr=target, required_trials=required, support=support)


def _intervals(targets: Sequence[TargetSupport], test: _Part) -> list[Interval]:
    """Expect the intervals of the strictest supported FMR, or the largest, and of an FNMR."""
    supported = [each.target_fmr for each in targets if each.support in {"yes", "expected"}]
    fmr = min(supported, default=max(TARGETS))
    return [
        _interval("FMR", fmr, max(1.0, test.expected)),
        _interval("FNMR", _QUOTED_FNMR, max(1.0, test.genuine)),
    ]


def _interval(rate: str, value: float, trials: float) -> Interval:
    low, high = wilson(value, trials)
    return Interval(rate=rate, value=value, low=low, high=high)


def _warnings(calibration: _Part, test: _Part) -> list[str]:
    found = []
    if calibration.pairs < _MIN_PAIRS:
        found.append(
            f"the calibration part has {calibration.identities} identities: no target FMR can be "
            "supported, and the only operating point is that of equal errors; bring more identities"
        )
    if test.pairs < _MIN_PAIRS:
        found.append(
            f"the test part has {test.identities} identities: measured error rates say next to "
            "nothing about new ones; bring more identities (20 in the part are a beginning)"
        )
    return found


def _advice(train: _Part, *, listed: bool) -> str:
    if listed:
        return "train with the config own_pairs: the pairs of such a list are all that is known"
    if train.identities < FEW_IDENTITIES:
        return (
            f"with {train.identities} identities to train on, train own_folder, which tries the "
            "shipped encoders too, or calibrate a bundle of the same kind of images"
        )
    return "train own_folder, which chooses how in ten minutes"
