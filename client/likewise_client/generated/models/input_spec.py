from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..models.aspect import Aspect
from ..models.input_spec_channels import InputSpecChannels
from ..types import UNSET, Unset

T = TypeVar("T", bound="InputSpec")


@_attrs_define
class InputSpec:
    """The tensor that the graph takes: uint8, shape (N, height, width, channels).

    Attributes:
        width (int):
        height (int):
        channels (InputSpecChannels):
        aspect (Aspect): How an image of another shape is brought to the input's shape.
        middle (float | Unset):  Default: 1.0.
    """

    width: int
    height: int
    channels: InputSpecChannels
    aspect: Aspect
    middle: float | Unset = 1.0

    def to_dict(self) -> dict[str, Any]:
        width = self.width

        height = self.height

        channels = self.channels.value

        aspect = self.aspect.value

        middle = self.middle

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "width": width,
                "height": height,
                "channels": channels,
                "aspect": aspect,
            }
        )
        if middle is not UNSET:
            field_dict["middle"] = middle

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        width = d.pop("width")

        height = d.pop("height")

        channels = InputSpecChannels(d.pop("channels"))

        aspect = Aspect(d.pop("aspect"))

        middle = d.pop("middle", UNSET)

        input_spec = cls(
            width=width,
            height=height,
            channels=channels,
            aspect=aspect,
            middle=middle,
        )

        return input_spec
