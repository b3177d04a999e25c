"""Error rates by condition, at the default operating point, and their spread over identities.

NIST's FRTE calls the differences between groups of people differentials. Pairs within a group have
both images in it; pairs across groups do not.
"""

from typing import Self

from pydantic import Field, FiniteFloat, model_validator

from model.schema.calibration import ErrorRates
from model.schema.fields import Count, Fraction, Frozen, Interval

MAX_GROUPS = 32
"""The largest number of groups of one condition."""


class GroupRate(Frozen):
    """FMR or FNMR of the pairs of one group.

    Attributes:
        pairs: Number of pairs that could err so: impostor pairs for FMR, genuine ones for FNMR.
        identities: Number of identities in these pairs.
        rate: Share of errors.
        interval: Its 95 % interval.
        supported: Whether there are enough identities (and, for FMR, independent impostors for the
            target) to rely on the rate.
        ratio: Rate of the group over that of all pairs; None where there is no error at all.
        ratio_interval: The ends of `interval` over the rate of all pairs.
        differs: Whether the rate differs from that of all pairs, by the interval whose level is
            corrected for the number of rates that are compared (Bonferroni).
    """

    pairs: int = Field(ge=1)
    identities: int = Field(ge=1)
    rate: Fraction
    interval: Interval
    supported: bool
    ratio: FiniteFloat | None = Field(ge=0)
    ratio_interval: tuple[FiniteFloat, FiniteFloat] | None
    differs: bool

    @model_validator(mode="after")
    def _interval_holds_the_rate(self) -> Self:
        low, high = self.interval
        if not low <= self.rate <= high:
            raise ValueError(f"rate {self.rate} lies outside its interval ({low}, {high})")
        return self


class Group(Frozen):
    """Error rates of one group of pairs; None for a kind of which it has no pair."""

    name: str = Field(max_length=200)
    fmr: GroupRate | None
    fnmr: GroupRate | None


class Spread(Frozen):
    """Distribution of one error rate over the identities with enough pairs.

    The rates are those observed, so that chance is part of their spread.

    Attributes:
        least_pairs: Number of pairs that an identity needs to count here.
        identities: Number of identities that have them.
        low: 1st percentile of their rates.
        median: 50th percentile.
        high: 99th percentile.
        free: Share of the identities without any error.
    """

    least_pairs: Count
    identities: int = Field(ge=1)
    low: Fraction
    median: Fraction
    high: Fraction
    free: Fraction


class Conditions(Frozen):
    """Error rates of the test pairs by condition.

    Attributes:
        threshold: Of the default operating point, at which all of them are measured.
        overall: Error rates of all pairs.
        domain: Groups by thirds of the pair's domain percentile, that of its less usual image;
            None without a domain check.
        fmr_spread: FMR of the identities; None where none has enough pairs.
        fnmr_spread: FNMR of the identities; None where none has enough pairs.
    """

    threshold: FiniteFloat
    overall: ErrorRates
    domain: tuple[Group, ...] | None = Field(max_length=MAX_GROUPS)
    fmr_spread: Spread | None
    fnmr_spread: Spread | None
