"""Committed record of what was found on each sample of a bundle, from which the page is made."""

from enum import StrEnum

from pydantic import FiniteFloat

from model.manifest import ErrorRates
from model.schema.fields import Count, Fraction, Frozen
from training.trust.bundle_record import BundleRecord

MANY_TIMES = 2
"""Real FMR that still holds, in multiples of the upper end of the quoted interval."""
NEARLY_ALL = 0.99
"""Share of the pairs that are withheld, at which no verdict on the others is given."""


class Verdict(StrEnum):
    """Verdict on the FMR that a bundle quotes for a sample."""

    HOLDS = "holds"
    """Of the pairs that are answered with rates, the FMR is at most twice the upper end quoted."""
    WITHHELD = "withheld"
    """Nearly all pairs are answered without rates."""
    LIMIT = "known limit"
    """Neither: rates are quoted that do not apply."""


class RatioBin(Frozen):
    """Claimed and actual likelihood ratio of some pairs, log10; None stands for no end."""

    low: FiniteFloat
    high: FiniteFloat
    claimed: FiniteFloat
    actual: FiniteFloat | None
    interval: tuple[FiniteFloat | None, FiniteFloat | None]
    genuine: Count
    impostor: Count

    @property
    def holds(self) -> bool:
        """Return whether the interval holds the claim."""
        low, high = self.interval
        return (low is None or low <= self.claimed) and (high is None or self.claimed <= high)

    @property
    def claims_too_much(self) -> bool:
        """Return whether the interval lies on the side of 1 of the claim."""
        low, high = self.interval
        if self.claimed > 0:
            return high is not None and high < self.claimed
        return low is not None and low > self.claimed


class Real(Frozen):
    """Rates of some pairs at the default threshold, and the reliability of their ratios."""

    images: Count
    genuine: Count
    impostor: Count
    rates: ErrorRates
    ratios: tuple[RatioBin, ...]


class Row(Frozen):
    """One sample of a bundle.

    `images_out` and `pairs_out` are the shares that are out of the bundle's domain, None where it
    has no check; a pair is out where an image of it is. `answered` is None where too few pairs are
    left for rates.
    """

    data: str
    is_own: bool
    corruption: str
    shows_identity: bool
    identities: Count
    images_out: Fraction | None
    pairs_out: Fraction | None
    every: Real
    answered: Real | None

    def verdict(self, quoted: ErrorRates) -> Verdict:
        """Judge the FMR of the pairs that are answered with rates."""
        if self.pairs_out is not None and self.pairs_out >= NEARLY_ALL:
            return Verdict.WITHHELD
        rates = None if self.answered is None else self.answered.rates
        if rates is not None and rates.fmr <= MANY_TIMES * quoted.fmr_interval[1]:
            return Verdict.HOLDS
        return Verdict.LIMIT

    def misses_more(self, quoted: ErrorRates) -> bool:
        """Return whether the FNMR of the answered pairs is above the quoted one, by intervals."""
        if self.answered is None or not self.shows_identity:
            return False
        return self.answered.rates.fnmr_interval[0] > quoted.fnmr_interval[1]


class TrustRecord(BundleRecord):
    """All samples of one bundle.

    `refused` names the samples of a bundle with a locator in which exactly one thing is located in
    too few images for pairs: the service refuses the others.
    """

    has_check: bool
    threshold: FiniteFloat
    quoted: ErrorRates
    seed: int
    max_images: int
    command: str
    git_revision: str
    libraries: dict[str, str]
    rows: tuple[Row, ...]
    refused: tuple[str, ...] = ()
