"""One or two sentences that state a decision and how often such a decision is wrong."""

from __future__ import annotations

import math
from functools import lru_cache

from app.api.schemas.answer import Interval
from app.api.schemas.domain import DomainAnswer
from app.api.schemas.operating_point import OperatingPointAnswer
from app.api.schemas.zone import ZoneAnswer
from app.zone import Outcome

_LARGEST_SAMPLE = 1_000_000
_AT_LEAST = 9.5
_MEASURED = {
    "in": "measured on images like these",
    "unknown": "measured on images of which it is not known whether they are like these",
    "out": "measured on images unlike these",
}
_NO_PROBABILITY = (
    "How likely this answer is wrong depends also on how many of your pairs are the same."
)


def meaning_of(
    outcome: Outcome, rates: OperatingPointAnswer | ZoneAnswer | None, domain: DomainAnswer
) -> str:
    """Return the sentences.

    Args:
        outcome: The decision.
        rates: Its error rates, of the zone or else of the threshold; None where withheld.
        domain: Whether the images are like those that the rates were measured on.
    """
    verdict = outcome.capitalize()
    if rates is None:
        basis = "" if outcome is Outcome.UNSURE else " by the energy alone"
        unmeasured = "images like these" if domain.status == "out" else "these numbers of images"
        return f"{verdict}{basis}: no error rate is known for {unmeasured}."
    measured = _MEASURED[domain.status]
    if isinstance(rates, ZoneAnswer) and outcome is Outcome.UNSURE:
        return (
            f"{verdict}, as are {_percent(rates.genuine_unsure)} of the pairs of the same thing "
            f"and {_percent(rates.impostor_unsure)} of the pairs of different things, {measured}."
        )
    if outcome is Outcome.SAME:
        share = _out_of(rates.fmr, rates.fmr_interval, "different things")
        return f"{verdict}: {share} are called the same by mistake, {measured}. {_NO_PROBABILITY}"
    share = _out_of(rates.fnmr, rates.fnmr_interval, "the same thing")
    return f"{verdict}: {share} are called different by mistake, {measured}. {_NO_PROBABILITY}"


@lru_cache(maxsize=256)
def _out_of(rate: float, interval: Interval, pairs: str) -> str:
    """Format a rate as a number out of so many pairs, with its 95 % interval."""
    of = 100
    while of < _LARGEST_SAMPLE and rate * of < _AT_LEAST:
        of *= 10
    low, some, high = (f"{round(share * of):,}" for share in (interval[0], rate, interval[1]))
    return f"of {of:,} pairs of {pairs} about {some} ({low} to {high})"


def _percent(rate: float) -> str:
    """Format a rate in per cent, with two significant digits."""
    if rate == 0:
        return "0 %"
    digits = max(0, 1 - math.floor(math.log10(100 * rate)))
    return f"{100 * rate:.{min(digits, 4)}f} %"
