from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="SampleSize")


@_attrs_define
class SampleSize:
    """How much stands behind a measurement.

    Attributes:
        identities (int):
        images (int):
        genuine_pairs (int):
        impostor_pairs (int):
    """

    identities: int
    images: int
    genuine_pairs: int
    impostor_pairs: int

    def to_dict(self) -> dict[str, Any]:
        identities = self.identities

        images = self.images

        genuine_pairs = self.genuine_pairs

        impostor_pairs = self.impostor_pairs

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "identities": identities,
                "images": images,
                "genuine_pairs": genuine_pairs,
                "impostor_pairs": impostor_pairs,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        identities = d.pop("identities")

        images = d.pop("images")

        genuine_pairs = d.pop("genuine_pairs")

        impostor_pairs = d.pop("impostor_pairs")

        sample_size = cls(
            identities=identities,
            images=images,
            genuine_pairs=genuine_pairs,
            impostor_pairs=impostor_pairs,
        )

        return sample_size
