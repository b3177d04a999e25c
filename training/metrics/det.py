"""DET curves of records: FMR against FNMR, with the protocol of the test pairs."""

from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from model.manifest import Curve
from model.schema.fields import Fraction, Frozen

Rate = Annotated[Fraction, AfterValidator(lambda rate: float(f"{rate:.5g}"))]
"""A share, rounded to five digits, since people read records too."""


class DetCurve(Frozen):
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

    protocol: str
    fmr: tuple[Rate, ...]
    fnmr: tuple[Rate, ...]
    fnmr_low: tuple[Rate, ...]
    fnmr_high: tuple[Rate, ...]

    @model_validator(mode="after")
    def _check_lengths(self) -> Self:
        if len({len(rates) for rates in (self.fmr, self.fnmr, self.fnmr_low, self.fnmr_high)}) > 1:
            raise ValueError("a DET curve has as many rates of each kind")
        return self

    @classmethod
    def of(cls, protocol: str, curve: Curve) -> Self:
        """Return a manifest's curve of some protocol."""
        return cls(
            protocol=protocol,
            fmr=tuple(rates.fmr for rates in curve.rates),
            fnmr=tuple(rates.fnmr for rates in curve.rates),
            fnmr_low=tuple(rates.fnmr_interval[0] for rates in curve.rates),
            fnmr_high=tuple(rates.fnmr_interval[1] for rates in curve.rates),
        )
