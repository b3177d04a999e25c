"""Three-valued decisions: `same`, `different`, and `unsure` in a zone of energies between the two.

Two rules make a zone:

- costs: Chow's rule (Chow 1970, On optimum recognition error and reject tradeoff), with the
  posterior probability by the bundle's likelihood ratio;
- target rates: `same` up to the threshold of a target FMR, `different` above that of a target FNMR.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.errors import ParameterError
from model.manifest import Calibration, Curve, ErrorRates, Histogram, LikelihoodRatio, SampleSize
from model.scoring import Choice, rates_at

_SIGNIFICANCE = 0.05
_LARGEST_PLAIN_LOG10 = 6


class Outcome(StrEnum):
    """Decision on two images."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"

    @classmethod
    def of(cls, *, same: bool) -> "Outcome":
        """Return the outcome of a decision by one threshold."""
        return cls.SAME if same else cls.DIFFERENT


@dataclass(frozen=True)
class Costs:
    """Costs of the two errors; an unsure answer costs 1.

    Attributes:
        false_match: Cost of `same` for an impostor pair; positive.
        false_non_match: Cost of `different` for a genuine pair; positive.
        prior: Share of genuine pairs among the pairs that are asked about, between 0 and 1.
    """

    false_match: float
    false_non_match: float
    prior: float = 0.5

    @property
    def log10_ratio_for_same(self) -> float:
        """Smallest log10 likelihood ratio for which `same` has the least expected cost.

        With P the posterior probability of a genuine pair, false_match · (1 − P) is then at most 1
        and at most false_non_match · P. As odds: at least false_match − 1, and at least
        false_match / false_non_match.
        """
        return max(_log10(self.false_match - 1), self._log10_cost_ratio) - self._log10_prior_odds

    @property
    def log10_ratio_for_different(self) -> float:
        """Largest log10 likelihood ratio for which `different` has the least expected cost."""
        unsure_from = -_log10(self.false_non_match - 1)
        return min(unsure_from, self._log10_cost_ratio) - self._log10_prior_odds

    @property
    def _log10_cost_ratio(self) -> float:
        return math.log10(self.false_match) - math.log10(self.false_non_match)

    @property
    def _log10_prior_odds(self) -> float:
        return math.log10(self.prior) - math.log10(1 - self.prior)


def _log10(value: float) -> float:
    return math.log10(value) if value > 0 else -math.inf


@dataclass(frozen=True)
class Zone:
    """Two limits of the energy: `same` up to `low`, `different` above `high`, else `unsure`.

    Attributes:
        low: At most `high`. -inf where no energy is `same`, inf where every energy is.
        high: inf where no energy is `different`, -inf where every energy is.
        rates: The FMR at `low` and the FNMR at `high`, of the test pairs.
        genuine_unsure: Share of genuine test pairs between the two limits.
        impostor_unsure: Share of impostor test pairs between the two limits.
        note: A limit that no energy reaches, and the reason; None where both are reached.
    """

    low: float
    high: float
    rates: ErrorRates
    genuine_unsure: float
    impostor_unsure: float
    note: str | None = None

    def outcome(self, energy: float) -> Outcome:
        """Return the decision on an energy."""
        if energy <= self.low:
            return Outcome.SAME
        return Outcome.UNSURE if energy <= self.high else Outcome.DIFFERENT


def zone_of_costs(ratio: LikelihoodRatio, curve: Curve, costs: Costs) -> Zone:
    """Return the zone in which an unsure answer has the least expected cost (Chow 1970).

    Args:
        ratio: The likelihood ratio as a function of the energy. It is bounded, so that costs may
            ask for more evidence than any energy gives.
        curve: Error rates on the test subjects.
        costs: The costs.
    """
    low = _largest_energy(ratio, costs.log10_ratio_for_same)
    high = max(low, _largest_energy(ratio, costs.log10_ratio_for_different))
    rates = _rates_at(curve, low), _rates_at(curve, high)
    return _zone(low, high, *rates, _note(ratio, low, high, costs))


def zone_of_targets(
    calibration: Calibration, curve: Curve, choice: Choice, target_fnmr: float
) -> Zone:
    """Return the zone between the thresholds of a target FMR and of a target FNMR.

    There is none, and `low` is `high`, where the threshold of the target FMR meets the target FNMR
    already.

    Args:
        calibration: Its genuine pairs choose the threshold of the target FNMR.
        curve: Error rates on the test subjects.
        choice: The operating point of the target FMR.
        target_fnmr: The target FNMR, between 0 and 1.

    Raises:
        ParameterError: The calibration has too few subjects for that target.
    """
    _check_supported(calibration.sample, target_fnmr)
    low = choice.threshold
    high = max(low, threshold_at_fnmr(calibration.histogram, target_fnmr))
    rates = choice.measured if high == low else rates_at(curve, high)
    return _zone(low, high, choice.measured, rates)


def threshold_at_fnmr(histogram: Histogram, target_fnmr: float) -> float:
    """Return the smallest energy above which at most that share of the genuine pairs lies.

    Read off the calibration's histogram; in a bin the pairs are taken as spread evenly.
    """
    below = np.concatenate([[0.0], np.cumsum(histogram.genuine)])
    wanted = (1 - target_fnmr) * below[-1]
    end = max(1, int(np.searchsorted(below, wanted)))
    return float(np.interp(wanted, below[end - 1 : end + 1], histogram.edges[end - 1 : end + 1]))


def _check_supported(sample: SampleSize, target_fnmr: float) -> None:
    """Check a target FNMR by the rule of three, with people as the trials.

    The genuine pairs of one person depend on each other. Only people with several images have such
    pairs: at most as many as there are images beyond the first of each.
    """
    people = min(sample.identities, sample.images - sample.identities)
    smallest = 1 - _SIGNIFICANCE ** (1 / people) if people > 0 else 1.0
    if target_fnmr < smallest:
        message = (
            f"the calibration has at most {people} identities with several images, which support "
            f"no target FNMR below {math.ceil(smallest * 1000) / 1000:g}"
        )
        raise ParameterError.of("fnmr", message)


def _zone(
    low: float, high: float, at_low: ErrorRates, at_high: ErrorRates, note: str | None = None
) -> Zone:
    rates = ErrorRates(
        fmr=at_low.fmr,
        fmr_interval=at_low.fmr_interval,
        fnmr=at_high.fnmr,
        fnmr_interval=at_high.fnmr_interval,
    )
    genuine, impostor = at_low.fnmr - at_high.fnmr, at_high.fmr - at_low.fmr
    return Zone(low, high, rates, max(0.0, genuine), max(0.0, impostor), note)


_NONE_SAME = ErrorRates(fmr=0, fmr_interval=(0, 0), fnmr=1, fnmr_interval=(1, 1))
_ALL_SAME = ErrorRates(fmr=1, fmr_interval=(1, 1), fnmr=0, fnmr_interval=(0, 0))


def _rates_at(curve: Curve, limit: float) -> ErrorRates:
    if math.isinf(limit):
        return _ALL_SAME if limit > 0 else _NONE_SAME
    return rates_at(curve, limit)


def _bounds(ratio: LikelihoodRatio) -> tuple[float, float]:
    """Return the smallest and the largest log10 likelihood ratio."""
    if ratio.slope == 0:
        constant = min(max(ratio.intercept, ratio.log10_min), ratio.log10_max)
        return constant, constant
    return ratio.log10_min, ratio.log10_max


def _largest_energy(ratio: LikelihoodRatio, log10_ratio: float) -> float:
    """Return the largest energy whose log10 LR is at least that; inf for all, -inf for none."""
    smallest, largest = _bounds(ratio)
    if log10_ratio <= smallest:
        return math.inf
    if log10_ratio > largest:
        return -math.inf
    return (log10_ratio - ratio.intercept) / ratio.slope


def _note(ratio: LikelihoodRatio, low: float, high: float, costs: Costs) -> str | None:
    """Return the outcomes that no pair, or every pair, gets at these costs, with the reason."""
    smallest, largest = map(_text, _bounds(ratio))
    for_same, for_different = (
        _text(costs.log10_ratio_for_same),
        _text(costs.log10_ratio_for_different),
    )
    if low == math.inf:
        return (
            f"every pair is same: at these costs a likelihood ratio of {for_same} is enough, and "
            f"none is below {smallest}"
        )
    if high == -math.inf:
        return (
            f"every pair is different: at these costs a likelihood ratio of {for_different} is "
            f"little enough, and the calibration data supports none above {largest}"
        )
    notes = []
    if low == -math.inf:
        notes.append(
            f"no pair is same: at these costs that takes a likelihood ratio of {for_same}, and the "
            f"calibration data supports at most {largest}"
        )
    if high == math.inf:
        notes.append(
            f"no pair is different: at these costs that takes a likelihood ratio of "
            f"{for_different}, and the calibration data supports none below {smallest}"
        )
    return "; ".join(notes) or None


def _text(log10_ratio: float) -> str:
    if abs(log10_ratio) > _LARGEST_PLAIN_LOG10:
        return f"10^{log10_ratio:.0f}"
    return f"{10**log10_ratio:,.0f}" if log10_ratio >= 1 else f"{10**log10_ratio:.2g}"
