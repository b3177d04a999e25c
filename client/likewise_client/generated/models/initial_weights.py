from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="InitialWeights")


@_attrs_define
class InitialWeights:
    """Trained weights that a training began with or learnt from; `sha256` is of graph or file.

    Attributes:
        name (str):
        version (str):
        sha256 (str):
    """

    name: str
    version: str
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        version = self.version

        sha256 = self.sha256

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "version": version,
                "sha256": sha256,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        name = d.pop("name")

        version = d.pop("version")

        sha256 = d.pop("sha256")

        initial_weights = cls(
            name=name,
            version=version,
            sha256=sha256,
        )

        return initial_weights
