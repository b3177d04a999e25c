from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.model_reference import ModelReference
    from ..models.operating_point_answer import OperatingPointAnswer


T = TypeVar("T", bound="VerifyAnswer")


@_attrs_define
class VerifyAnswer:
    """Whether two images show the same thing.

    Attributes:
        same (bool): True where the energy does not exceed the threshold.
        energy (float): Distance of the two embeddings, or a pair model's answer; small means same.
        threshold (float):
        operating_point (OperatingPointAnswer): How often a decision at the threshold is wrong, measured on subjects
            kept for testing.
        likelihood_ratio (float): How many times likelier the energy is if the two are the same.
        model (ModelReference): Which model answered: its graph's hash pins the very weights.
    """

    same: bool
    energy: float
    threshold: float
    operating_point: OperatingPointAnswer
    likelihood_ratio: float
    model: ModelReference
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        same = self.same

        energy = self.energy

        threshold = self.threshold

        operating_point = self.operating_point.to_dict()

        likelihood_ratio = self.likelihood_ratio

        model = self.model.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "same": same,
                "energy": energy,
                "threshold": threshold,
                "operating_point": operating_point,
                "likelihood_ratio": likelihood_ratio,
                "model": model,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.model_reference import ModelReference
        from ..models.operating_point_answer import OperatingPointAnswer

        d = dict(src_dict)
        same = d.pop("same")

        energy = d.pop("energy")

        threshold = d.pop("threshold")

        operating_point = OperatingPointAnswer.from_dict(d.pop("operating_point"))

        likelihood_ratio = d.pop("likelihood_ratio")

        model = ModelReference.from_dict(d.pop("model"))

        verify_answer = cls(
            same=same,
            energy=energy,
            threshold=threshold,
            operating_point=operating_point,
            likelihood_ratio=likelihood_ratio,
            model=model,
        )

        verify_answer.additional_properties = d
        return verify_answer

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
