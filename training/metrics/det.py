"""DET curves as records keep them: FMR against FNMR, and of which test pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from model.manifest import Curve, ErrorRates, Fraction

_DIGITS = 5


class DetCurve(BaseModel):
    """The error rates of one system at rising thresholds (Martin et al. 1997).

    Curves of one protocol may be drawn in one plot: the pairs behind them are alike many, of the
    same data, and chosen by the same rule.

    Attributes:
        protocol: Which pairs were compared, in words.
        fmr: Falsely matched impostor pairs, rising, (thresholds,).
        fnmr: Falsely not matched genuine pairs, (thresholds,).
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
        """What a manifest's curve says, to five digits: a record is read by people too."""
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
