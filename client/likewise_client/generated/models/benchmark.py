from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Benchmark")


@_attrs_define
class Benchmark:
    """A figure under a published protocol, so that it can stand beside other people's.

    Attributes:
        name (str):
        measure (str):
        value (float):
        pairs (int):
        standard_error (float | None | Unset):
    """

    name: str
    measure: str
    value: float
    pairs: int
    standard_error: float | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        measure = self.measure

        value = self.value

        pairs = self.pairs

        standard_error: float | None | Unset
        if isinstance(self.standard_error, Unset):
            standard_error = UNSET
        else:
            standard_error = self.standard_error

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "measure": measure,
                "value": value,
                "pairs": pairs,
            }
        )
        if standard_error is not UNSET:
            field_dict["standard_error"] = standard_error

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        name = d.pop("name")

        measure = d.pop("measure")

        value = d.pop("value")

        pairs = d.pop("pairs")

        def _parse_standard_error(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        standard_error = _parse_standard_error(d.pop("standard_error", UNSET))

        benchmark = cls(
            name=name,
            measure=measure,
            value=value,
            pairs=pairs,
            standard_error=standard_error,
        )

        return benchmark
