"""Zone of energies in which /verify answers `unsure`."""

from __future__ import annotations

import math

from pydantic import Field

from app.api.schemas.answer import Answer, Interval
from app.zone import Zone


class ZoneAnswer(Answer):
    """Zone of energies that are neither same nor different, and how often a decision is wrong.

    The shares were measured on test subjects, as those of the operating point.
    """

    low: float | None = Field(
        description="Energies up to here are `same`; null where the energy never decides that: "
        "see `note`."
    )
    high: float | None = Field(
        description="Energies above are `different`, and those from `low` to here `unsure`; null "
        "where the energy never decides that: see `note`."
    )
    fmr: float = Field(description="Share of impostor pairs (different) that are decided `same`.")
    fmr_interval: Interval = Field(description="95 % interval of `fmr`.")
    fnmr: float = Field(description="Share of genuine pairs (same) that are decided `different`.")
    fnmr_interval: Interval = Field(description="95 % interval of `fnmr`.")
    impostor_unsure: float = Field(description="Share of impostor pairs that are `unsure`.")
    genuine_unsure: float = Field(description="Share of genuine pairs that are `unsure`.")
    note: str | None = Field(
        description="Outcomes that no pair or every pair gets, and why; null where all three occur."
    )

    @classmethod
    def of(cls, zone: Zone) -> ZoneAnswer:
        """Return the answer for a zone."""
        return cls(
            low=_finite(zone.low),
            high=_finite(zone.high),
            fmr=zone.rates.fmr,
            fmr_interval=zone.rates.fmr_interval,
            fnmr=zone.rates.fnmr,
            fnmr_interval=zone.rates.fnmr_interval,
            impostor_unsure=zone.impostor_unsure,
            genuine_unsure=zone.genuine_unsure,
            note=zone.note,
        )


def _finite(limit: float) -> float | None:
    return limit if math.isfinite(limit) else None
