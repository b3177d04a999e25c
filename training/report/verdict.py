"""Verdict on a bundle: one sentence that `export`, `evaluate` and the report share.

A stated rate holds unless the measured one differs from it by more than chance: the interval of
their difference (Zou, Donner 2008, equation 2, from the two intervals) does not contain 0. It is
unclear where the data could not show that it is twice too high.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from model.manifest import Accuracy, ErrorRates, Manifest, Seen, SplitBy
from training.evaluation.evaluate import Evaluation
from training.templates.render import percent

_FACTOR = 2
"""Ratio of rates that the data must be able to exclude."""
_BY_NAME = "with names that it has not seen"
"""Of other data than its own: the same things may be there under other names."""

Interval = tuple[float, float]


class Outcome(StrEnum):
    """Comparison of a measured rate with a stated one, in the order of how bad they are."""

    HOLDS = "holds"
    UNCLEAR = "unclear"
    """The data is too small to tell."""
    HIGHER = "higher"
    """The measured rate is higher, by more than chance."""


@dataclass(frozen=True)
class Verdict:
    """Verdict on a bundle.

    Attributes:
        sentence: What was measured, on how many, which errors the default decision makes, and
            whether the stated rates hold.
        outcome: The worst of its comparisons.
    """

    sentence: str
    outcome: Outcome

    @property
    def holds(self) -> bool:
        """True where every stated rate that was compared holds."""
        return self.outcome is Outcome.HOLDS


def verdict_of(evaluation: Evaluation) -> Verdict:
    """Give the verdict of an evaluation: by the target on a bundle's own data, else by its rates.

    On a bundle's own test part it is that of its manifest.
    """
    manifest, rates = evaluation.bundle.manifest, evaluation.conditions.overall
    if evaluation.same_data:
        return _own(manifest, evaluation.data, evaluation.accuracy, rates)
    stated = manifest.calibration.default_point.test
    fmr = compare(stated.fmr, stated.fmr_interval, rates.fmr, rates.fmr_interval)
    fnmr = compare(stated.fnmr, stated.fnmr_interval, rates.fnmr, rates.fnmr_interval)
    said = "; ".join(
        f"the {name} that it states, {percent(value)}, {_here(outcome, found / value)}"
        for name, value, outcome, found in (
            ("FMR", stated.fmr, fmr, rates.fmr),
            ("FNMR", stated.fnmr, fnmr, rates.fnmr),
        )
        if value
    )
    measured = _measured(manifest, evaluation.data, evaluation.accuracy, rates, _BY_NAME)
    return Verdict(f"{measured}: {said or 'it states no errors'}.", max(fmr, fnmr, key=_badness))


def verdict_of_manifest(manifest: Manifest) -> Verdict:
    """Give the verdict of a bundle on the test part of its own data."""
    source = manifest.origin.calibrated_on or manifest.origin
    rates = manifest.calibration.default_point.test
    return _own(manifest, source.data, manifest.accuracy, rates)


def compare(stated: float, around: Interval, found: float, around_found: Interval) -> Outcome:
    """Compare a rate that was found with a stated one; each has its 95 % interval."""
    difference = found - stated
    if difference > math.hypot(found - around_found[0], around[1] - stated):
        return Outcome.HIGHER
    return Outcome.UNCLEAR if around_found[1] > _FACTOR * around[1] else Outcome.HOLDS


def _own(manifest: Manifest, data: str, accuracy: Accuracy, rates: ErrorRates) -> Verdict:
    target = manifest.calibration.default_point.target_fmr
    measured = _measured(manifest, data, accuracy, rates)
    if target is None:
        return Verdict(
            f"{measured}: its calibration data supports no target FMR, so the default is the "
            "threshold of equal errors.",
            Outcome.UNCLEAR,
        )
    outcome = compare(target, (target, target), rates.fmr, rates.fmr_interval)
    said = {
        Outcome.HOLDS: "holds",
        Outcome.UNCLEAR: f"may hold or not: there are too few {_things(manifest)} to tell",
        Outcome.HIGHER: f"does not hold: the FMR is {rates.fmr / target:.2g} times as high",
    }[outcome]
    return Verdict(
        f"{measured}: the target FMR of {100 * target:g} %, for which the threshold was chosen on "
        f"other {_things(manifest)}, {said}.",
        outcome,
    )


def _measured(
    manifest: Manifest,
    data: str,
    accuracy: Accuracy,
    rates: ErrorRates,
    seen: str = "that it has never seen",
) -> str:
    """State the sample and the errors of the default decision."""
    sample = accuracy.sample
    whom = f"{sample.identities:,} identities of {data} {seen}"
    if manifest.seen is Seen.TAUGHT:
        whom += " (whether its teacher has seen them is unknown)"
    if manifest.seen is Seen.UNKNOWN:
        whom = f"{sample.identities:,} identities of {data} (whether it has seen them is unknown)"
    if manifest.split_by is SplitBy.IMAGE:
        whom = (
            f"{sample.images:,} images of {data} that it has never seen, of "
            f"{sample.identities:,} classes known from training"
        )
    return (
        f"On {whom}, {manifest.name} {manifest.version} by default takes {percent(rates.fmr)} of "
        f"the pairs of two identities for the same (FMR) and {percent(rates.fnmr)} of the pairs of "
        f"one identity for different (FNMR)"
    )


def _here(outcome: Outcome, ratio: float) -> str:
    if outcome is Outcome.HIGHER:
        return f"does not hold here, where it is {ratio:.2g} times as high"
    if outcome is Outcome.UNCLEAR:
        return "may not hold here: too little data to tell"
    return "holds here" if ratio > 1 / _FACTOR else "holds here, where it is far lower"


def _things(manifest: Manifest) -> str:
    return "images" if manifest.split_by is SplitBy.IMAGE else "identities"


def _badness(outcome: Outcome) -> int:
    return list(Outcome).index(outcome)
