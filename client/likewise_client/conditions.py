"""Error rates, and those by condition, in a manifest."""

from __future__ import annotations

from dataclasses import dataclass

from likewise_client.results import Interval


@dataclass(frozen=True)
class ErrorRates:
    """Error rates at one threshold, with 95 % intervals."""

    fmr: float
    fmr_interval: Interval
    fnmr: float
    fnmr_interval: Interval


@dataclass(frozen=True)
class GroupRate:
    """FMR or FNMR of the pairs of one group, beside that of all pairs."""

    pairs: int
    identities: int
    rate: float
    interval: Interval
    supported: bool
    ratio: float | None
    ratio_interval: Interval | None
    differs: bool


@dataclass(frozen=True)
class Group:
    """Error rates of one group of pairs; None for a kind of which it has no pair."""

    name: str
    fmr: GroupRate | None
    fnmr: GroupRate | None


@dataclass(frozen=True)
class Spread:
    """Percentiles 1, 50 and 99 of an error rate over the identities with enough pairs.

    `free` is the share of the identities without any error.
    """

    least_pairs: int
    identities: int
    low: float
    median: float
    high: float
    free: float


@dataclass(frozen=True)
class Conditions:
    """Error rates of the test pairs by condition, at the default operating point."""

    threshold: float
    overall: ErrorRates
    domain: tuple[Group, ...] | None
    fmr_spread: Spread | None
    fnmr_spread: Spread | None
