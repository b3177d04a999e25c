from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.kind import Kind
from ..models.metric import Metric

if TYPE_CHECKING:
    from ..models.operating_point_offer import OperatingPointOffer


T = TypeVar("T", bound="ModelSummary")


@_attrs_define
class ModelSummary:
    """One served model.

    Attributes:
        name (str):
        version (str):
        kind (Kind): What the graph computes.
        sha256 (str):
        dim (int | None): Numbers in an embedding; null of a pair model.
        metric (Metric): How two embeddings become an energy. Under each of them small means same.
        default (bool): Whether it answers requests that name no model.
        provider (str): What runs it: CPU or CUDA.
        default_operating_point (OperatingPointOffer): An operating point that a request may ask for by its
            `target_fmr`.
        operating_points (list[OperatingPointOffer]): The supported ones.
        summary (str):
    """

    name: str
    version: str
    kind: Kind
    sha256: str
    dim: int | None
    metric: Metric
    default: bool
    provider: str
    default_operating_point: OperatingPointOffer
    operating_points: list[OperatingPointOffer]
    summary: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        version = self.version

        kind = self.kind.value

        sha256 = self.sha256

        dim: int | None
        dim = self.dim

        metric = self.metric.value

        default = self.default

        provider = self.provider

        default_operating_point = self.default_operating_point.to_dict()

        operating_points = []
        for operating_points_item_data in self.operating_points:
            operating_points_item = operating_points_item_data.to_dict()
            operating_points.append(operating_points_item)

        summary = self.summary

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "version": version,
                "kind": kind,
                "sha256": sha256,
                "dim": dim,
                "metric": metric,
                "default": default,
                "provider": provider,
                "default_operating_point": default_operating_point,
                "operating_points": operating_points,
                "summary": summary,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.operating_point_offer import OperatingPointOffer

        d = dict(src_dict)
        name = d.pop("name")

        version = d.pop("version")

        kind = Kind(d.pop("kind"))

        sha256 = d.pop("sha256")

        def _parse_dim(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        dim = _parse_dim(d.pop("dim"))

        metric = Metric(d.pop("metric"))

        default = d.pop("default")

        provider = d.pop("provider")

        default_operating_point = OperatingPointOffer.from_dict(d.pop("default_operating_point"))

        operating_points = []
        _operating_points = d.pop("operating_points")
        for operating_points_item_data in _operating_points:
            operating_points_item = OperatingPointOffer.from_dict(operating_points_item_data)

            operating_points.append(operating_points_item)

        summary = d.pop("summary")

        model_summary = cls(
            name=name,
            version=version,
            kind=kind,
            sha256=sha256,
            dim=dim,
            metric=metric,
            default=default,
            provider=provider,
            default_operating_point=default_operating_point,
            operating_points=operating_points,
            summary=summary,
        )

        model_summary.additional_properties = d
        return model_summary

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
