from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="OperatingPointAnswer")


@_attrs_define
class OperatingPointAnswer:
    """How often a decision at the threshold is wrong, measured on subjects kept for testing.

    Attributes:
        target_fmr (float | None): The false match rate that the threshold aims at; null where it aims at none.
        fmr (float): Share of different pairs that are taken for the same.
        fmr_interval (list[float]): 95 % interval of `fmr`.
        fnmr (float): Share of same pairs that are taken for different.
        fnmr_interval (list[float]): 95 % interval of `fnmr`.
    """

    target_fmr: float | None
    fmr: float
    fmr_interval: list[float]
    fnmr: float
    fnmr_interval: list[float]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        target_fmr: float | None
        target_fmr = self.target_fmr

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
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "target_fmr": target_fmr,
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

        def _parse_target_fmr(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        target_fmr = _parse_target_fmr(d.pop("target_fmr"))

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

        operating_point_answer = cls(
            target_fmr=target_fmr,
            fmr=fmr,
            fmr_interval=fmr_interval,
            fnmr=fnmr,
            fnmr_interval=fnmr_interval,
        )

        operating_point_answer.additional_properties = d
        return operating_point_answer

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
