from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.error_rates import ErrorRates


T = TypeVar("T", bound="Curve")


@_attrs_define
class Curve:
    """Error rates on the test subjects at rising thresholds, from all refused to all accepted.

    Attributes:
        thresholds (list[float]):
        rates (list[ErrorRates]):
    """

    thresholds: list[float]
    rates: list[ErrorRates]

    def to_dict(self) -> dict[str, Any]:
        thresholds = self.thresholds

        rates = []
        for rates_item_data in self.rates:
            rates_item = rates_item_data.to_dict()
            rates.append(rates_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "thresholds": thresholds,
                "rates": rates,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.error_rates import ErrorRates

        d = dict(src_dict)
        thresholds = cast(list[float], d.pop("thresholds"))

        rates = []
        _rates = d.pop("rates")
        for rates_item_data in _rates:
            rates_item = ErrorRates.from_dict(rates_item_data)

            rates.append(rates_item)

        curve = cls(
            thresholds=thresholds,
            rates=rates,
        )

        return curve
