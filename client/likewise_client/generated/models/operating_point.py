from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.error_rates import ErrorRates


T = TypeVar("T", bound="OperatingPoint")


@_attrs_define
class OperatingPoint:
    """A threshold, chosen on the calibration subjects and measured again on the test subjects.

    `target_fmr` is None for the equal-error point, which aims at no FMR. `independent_impostors` is
    what the impostor pairs are worth as independent trials: pairs share subjects, so it is far
    below their number. `supported` is false where it is too small to vouch for the target (the rule
    of three: 299 for 1 %).

        Attributes:
            target_fmr (float | None):
            threshold (float):
            independent_impostors (int):
            supported (bool):
            calibration (ErrorRates): How often a decision at one threshold is wrong.
            test (ErrorRates): How often a decision at one threshold is wrong.
    """

    target_fmr: float | None
    threshold: float
    independent_impostors: int
    supported: bool
    calibration: ErrorRates
    test: ErrorRates

    def to_dict(self) -> dict[str, Any]:
        target_fmr: float | None
        target_fmr = self.target_fmr

        threshold = self.threshold

        independent_impostors = self.independent_impostors

        supported = self.supported

        calibration = self.calibration.to_dict()

        test = self.test.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "target_fmr": target_fmr,
                "threshold": threshold,
                "independent_impostors": independent_impostors,
                "supported": supported,
                "calibration": calibration,
                "test": test,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.error_rates import ErrorRates

        d = dict(src_dict)

        def _parse_target_fmr(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        target_fmr = _parse_target_fmr(d.pop("target_fmr"))

        threshold = d.pop("threshold")

        independent_impostors = d.pop("independent_impostors")

        supported = d.pop("supported")

        calibration = ErrorRates.from_dict(d.pop("calibration"))

        test = ErrorRates.from_dict(d.pop("test"))

        operating_point = cls(
            target_fmr=target_fmr,
            threshold=threshold,
            independent_impostors=independent_impostors,
            supported=supported,
            calibration=calibration,
            test=test,
        )

        return operating_point
