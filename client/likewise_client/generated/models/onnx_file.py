from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="OnnxFile")


@_attrs_define
class OnnxFile:
    """The graph beside the manifest.

    Attributes:
        file (str):
        sha256 (str):
        bytes_ (int):
        opset (int):
    """

    file: str
    sha256: str
    bytes_: int
    opset: int

    def to_dict(self) -> dict[str, Any]:
        file = self.file

        sha256 = self.sha256

        bytes_ = self.bytes_

        opset = self.opset

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "file": file,
                "sha256": sha256,
                "bytes": bytes_,
                "opset": opset,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        file = d.pop("file")

        sha256 = d.pop("sha256")

        bytes_ = d.pop("bytes")

        opset = d.pop("opset")

        onnx_file = cls(
            file=file,
            sha256=sha256,
            bytes_=bytes_,
            opset=opset,
        )

        return onnx_file
