from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="Histogram")


@_attrs_define
class Histogram:
    """Shares of the energies between consecutive `edges`, for each kind of pair.

    Attributes:
        edges (list[float]):
        genuine (list[float]):
        impostor (list[float]):
    """

    edges: list[float]
    genuine: list[float]
    impostor: list[float]

    def to_dict(self) -> dict[str, Any]:
        edges = self.edges

        genuine = self.genuine

        impostor = self.impostor

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "edges": edges,
                "genuine": genuine,
                "impostor": impostor,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        edges = cast(list[float], d.pop("edges"))

        genuine = cast(list[float], d.pop("genuine"))

        impostor = cast(list[float], d.pop("impostor"))

        histogram = cls(
            edges=edges,
            genuine=genuine,
            impostor=impostor,
        )

        return histogram
