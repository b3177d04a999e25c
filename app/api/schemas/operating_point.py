"""Error rates of decisions at a threshold."""

from __future__ import annotations

from pydantic import Field

from app.api.schemas.answer import Answer, Interval
from model.scoring import Choice


class OperatingPointAnswer(Answer):
    """Error rates of decisions at a threshold, measured on identities kept for testing."""

    target_fmr: float | None = Field(
        description="The false match rate that the threshold aims at; null where it aims at none."
    )
    fmr: float = Field(
        description="Share of impostor pairs (different) that are taken for the same."
    )
    fmr_interval: Interval = Field(description="95 % interval of `fmr`.")
    fnmr: float = Field(description="Share of genuine pairs (same) that are taken for different.")
    fnmr_interval: Interval = Field(description="95 % interval of `fnmr`.")

    @classmethod
    def of(cls, choice: Choice) -> OperatingPointAnswer:
        """Return the error rates of a choice of threshold."""
        rates = choice.measured
        return cls(
            target_fmr=choice.target_fmr,
            fmr=rates.fmr,
            fmr_interval=rates.fmr_interval,
            fnmr=rates.fnmr,
            fnmr_interval=rates.fnmr_interval,
        )


class OperatingPointOffer(OperatingPointAnswer):
    """An operating point that a request may ask for by its `target_fmr`."""

    threshold: float
