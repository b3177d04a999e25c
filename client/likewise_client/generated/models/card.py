from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Card")


@_attrs_define
class Card:
    """What a person should read before trusting the bundle.

    Attributes:
        summary (str):
        intended_use (str):
        not_for (str):
        data_licence (str):
    """

    summary: str
    intended_use: str
    not_for: str
    data_licence: str

    def to_dict(self) -> dict[str, Any]:
        summary = self.summary

        intended_use = self.intended_use

        not_for = self.not_for

        data_licence = self.data_licence

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "summary": summary,
                "intended_use": intended_use,
                "not_for": not_for,
                "data_licence": data_licence,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        summary = d.pop("summary")

        intended_use = d.pop("intended_use")

        not_for = d.pop("not_for")

        data_licence = d.pop("data_licence")

        card = cls(
            summary=summary,
            intended_use=intended_use,
            not_for=not_for,
            data_licence=data_licence,
        )

        return card
