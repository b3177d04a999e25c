from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="ErrorRates")


@_attrs_define
class ErrorRates:
    """How often a decision at one threshold is wrong.

    Attributes:
        fmr (float):
        fmr_interval (list[float]):
        fnmr (float):
        fnmr_interval (list[float]):
    """

    fmr: float
    fmr_interval: list[float]
    fnmr: float
    fnmr_interval: list[float]

    def to_dict(self) -> dict[str, Any]:
        fmr = self.fmr

        fmr_interval = []
        for fmr_interval_item_data in self.fmr_interval:
            fmr_interval_item: float
            fmr_interval_item = fmr_interval_item_data
            fmr_interval.append(fmr_interval_item)

        fnmr = self.fnmr

        fnmr_interval = []
        for fnmr_interval_item_data in self.fnmr_interval:
            fnmr_interval_item: float
            fnmr_interval_item = fnmr_interval_item_data
            fnmr_interval.append(fnmr_interval_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "fmr": fmr,
                "fmr_interval": fmr_interval,
                "fnmr": fnmr,
                "fnmr_interval": fnmr_interval,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        fmr = d.pop("fmr")

        fmr_interval = []
        _fmr_interval = d.pop("fmr_interval")
        for fmr_interval_item_data in _fmr_interval:

            def _parse_fmr_interval_item(data: object) -> float:
                return cast(float, data)

            fmr_interval_item = _parse_fmr_interval_item(fmr_interval_item_data)

            fmr_interval.append(fmr_interval_item)

        fnmr = d.pop("fnmr")

        fnmr_interval = []
        _fnmr_interval = d.pop("fnmr_interval")
        for fnmr_interval_item_data in _fnmr_interval:

            def _parse_fnmr_interval_item(data: object) -> float:
                return cast(float, data)

            fnmr_interval_item = _parse_fnmr_interval_item(fnmr_interval_item_data)

            fnmr_interval.append(fnmr_interval_item)

        error_rates = cls(
            fmr=fmr,
            fmr_interval=fmr_interval,
            fnmr=fnmr,
            fnmr_interval=fnmr_interval,
        )

        return error_rates
