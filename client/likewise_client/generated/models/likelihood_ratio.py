from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="LikelihoodRatio")


@_attrs_define
class LikelihoodRatio:
    """log10 LR = intercept + slope · energy, held within [log10_min, log10_max].

    The bounds keep the ratio from claiming more than the number of calibration subjects can bear.

        Attributes:
            intercept (float):
            slope (float):
            log10_min (float):
            log10_max (float):
    """

    intercept: float
    slope: float
    log10_min: float
    log10_max: float

    def to_dict(self) -> dict[str, Any]:
        intercept = self.intercept

        slope = self.slope

        log10_min = self.log10_min

        log10_max = self.log10_max

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "intercept": intercept,
                "slope": slope,
                "log10_min": log10_min,
                "log10_max": log10_max,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        intercept = d.pop("intercept")

        slope = d.pop("slope")

        log10_min = d.pop("log10_min")

        log10_max = d.pop("log10_max")

        likelihood_ratio = cls(
            intercept=intercept,
            slope=slope,
            log10_min=log10_min,
            log10_max=log10_max,
        )

        return likelihood_ratio
