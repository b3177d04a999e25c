"""Zone of energies in which /verify answers `unsure`."""

from __future__ import annotations

import math

from pydantic import Field

from app.api.schemas.answer import Answer, Interval
from app.zone import Zone


class ZoneAnswer(Answer):
    """Zone of energies that are neither same nor different, and how often a decision is wrong.

    The shares were measured on test subjects, as those of the operating point, and are null where
    those are withheld.
    """

    low: float | None = Field(
        description="Energies up to here are `same`; null where the energy never decides that: "
        "see `note`."
    )
    high: float | None = Field(
        description="Energies above are `different`, and those from `low` to here `unsure`; null "
        "where the energy never decides that: see `note`."
    )
    fmr: float | None = Field(
        description="Share of impostor pairs (different) that are decided `same`."
    )
    fmr_interval: Interval | None = Field(description="95 % interval of `fmr`.")
    fnmr: float | None = Field(
        description="Share of genuine pairs (same) that are decided `different`."
    )
    fnmr_interval: Interval | None = Field(description="95 % interval of `fnmr`.")
    impostor_unsure: float | None = Field(description="Share of impostor pairs that are `unsure`.")
    genuine_unsure: float | None = Field(description="Share of genuine pairs that are `unsure`.")
    note: str | None = Field(
        description="Outcomes that no pair or every pair gets, and why; null where all three occur."
    )

    @classmethod
    def of(cls, zone: Zone, *, withheld: bool) -> ZoneAnswer:
        """Return the answer for a zone, without the shares where they are withheld."""
        rates = None if withheld else zone.rates
        return cls(
            low=_finite(zone.low),
            high=_finite(zone.high),
            fmr=rates and rates.fmr,
            fmr_interval=rates and rates.fmr_interval,
            fnmr=rates and rates.fnmr,
            fnmr_interval=rates and rates.fnmr_interval,
            impostor_unsure=None if withheld else zone.impostor_unsure,
            genuine_unsure=None if withheld else zone.genuine_unsure,
            note=zone.note,
        )


def _finite(limit: float) -> float | None:
    return limit if math.isfinite(limit) else None
