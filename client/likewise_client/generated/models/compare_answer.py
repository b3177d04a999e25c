from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.model_reference import ModelReference
    from ..models.operating_point_answer import OperatingPointAnswer


T = TypeVar("T", bound="CompareAnswer")


@_attrs_define
class CompareAnswer:
    """The energy and the decision for each row of the gallery, in their order.

    Attributes:
        energies (list[float]):
        same (list[bool]):
        threshold (float):
        operating_point (OperatingPointAnswer): How often a decision at the threshold is wrong, measured on subjects
            kept for testing.
        model (ModelReference): Which model answered: its graph's hash pins the very weights.
    """

    energies: list[float]
    same: list[bool]
    threshold: float
    operating_point: OperatingPointAnswer
    model: ModelReference
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        energies = self.energies

        same = self.same

        threshold = self.threshold

        operating_point = self.operating_point.to_dict()

        model = self.model.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "energies": energies,
                "same": same,
                "threshold": threshold,
                "operating_point": operating_point,
                "model": model,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.model_reference import ModelReference
        from ..models.operating_point_answer import OperatingPointAnswer

        d = dict(src_dict)
        energies = cast(list[float], d.pop("energies"))

        same = cast(list[bool], d.pop("same"))

        threshold = d.pop("threshold")

        operating_point = OperatingPointAnswer.from_dict(d.pop("operating_point"))

        model = ModelReference.from_dict(d.pop("model"))

        compare_answer = cls(
            energies=energies,
            same=same,
            threshold=threshold,
            operating_point=operating_point,
            model=model,
        )

        compare_answer.additional_properties = d
        return compare_answer

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
