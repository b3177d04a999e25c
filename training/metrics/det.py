"""DET curves of records: FMR against FNMR, with the protocol of the test pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from model.manifest import Curve, ErrorRates, Fraction

_DIGITS = 5


class DetCurve(BaseModel):
    """Error rates of one system at rising thresholds (Martin et al. 1997).

    Curves of one protocol may be drawn in one plot: their pairs are equal in number, of the same
    data, and chosen by the same rule.

    Attributes:
        protocol: The pairs that were compared, in words.
        fmr: Share of impostor pairs accepted, rising, (thresholds,).
        fnmr: Share of genuine pairs rejected, (thresholds,).
        fnmr_low: Lower ends of the 95 % intervals of `fnmr`, (thresholds,).
        fnmr_high: Upper ends, (thresholds,).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: str
    fmr: tuple[Fraction, ...]
    fnmr: tuple[Fraction, ...]
    fnmr_low: tuple[Fraction, ...]
    fnmr_high: tuple[Fraction, ...]

    @model_validator(mode="after")
    def _one_rate_for_each_threshold(self) -> Self:
        if len({len(rates) for rates in (self.fmr, self.fnmr, self.fnmr_low, self.fnmr_high)}) > 1:
            raise ValueError("a DET curve has as many rates of each kind")
        return self

    @classmethod
    def of(cls, protocol: str, curve: Curve) -> Self:
        """Round a manifest's curve to five digits, since people read records too."""
        return cls(
            protocol=protocol,
            fmr=_rounded(lambda rates: rates.fmr, curve.rates),
            fnmr=_rounded(lambda rates: rates.fnmr, curve.rates),
            fnmr_low=_rounded(lambda rates: rates.fnmr_interval[0], curve.rates),
            fnmr_high=_rounded(lambda rates: rates.fnmr_interval[1], curve.rates),
        )


def _rounded(
    chosen: Callable[[ErrorRates], float], rates: Iterable[ErrorRates]
) -> tuple[float, ...]:
    return tuple(float(f"{chosen(at):.{_DIGITS}g}") for at in rates)
