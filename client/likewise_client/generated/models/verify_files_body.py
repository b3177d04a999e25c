from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..types import UNSET, File, Unset

T = TypeVar("T", bound="VerifyFilesBody")


@_attrs_define
class VerifyFilesBody:
    """
    Attributes:
        image1 (File): An image file of any supported format.
        image2 (File): The other one.
        model (None | str | Unset): A model of GET /models; else the default one.
        threshold (float | None | Unset): Your own threshold on the energy. It goes before `fmr`.
        fmr (float | None | Unset): A supported target false match rate, as in GET /models.
    """

    image1: File
    image2: File
    model: None | str | Unset = UNSET
    threshold: float | None | Unset = UNSET
    fmr: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        image1 = self.image1.to_tuple()

        image2 = self.image2.to_tuple()

        model: None | str | Unset
        if isinstance(self.model, Unset):
            model = UNSET
        else:
            model = self.model

        threshold: float | None | Unset
        if isinstance(self.threshold, Unset):
            threshold = UNSET
        else:
            threshold = self.threshold

        fmr: float | None | Unset
        if isinstance(self.fmr, Unset):
            fmr = UNSET
        else:
            fmr = self.fmr

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "image1": image1,
                "image2": image2,
            }
        )
        if model is not UNSET:
            field_dict["model"] = model
        if threshold is not UNSET:
            field_dict["threshold"] = threshold
        if fmr is not UNSET:
            field_dict["fmr"] = fmr

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("image1", self.image1.to_tuple()))

        files.append(("image2", self.image2.to_tuple()))

        if not isinstance(self.model, Unset):
            if isinstance(self.model, str):
                files.append(("model", (None, str(self.model).encode(), "text/plain")))
            else:
                files.append(("model", (None, str(self.model).encode(), "text/plain")))

        if not isinstance(self.threshold, Unset):
            if isinstance(self.threshold, float):
                files.append(("threshold", (None, str(self.threshold).encode(), "text/plain")))
            else:
                files.append(("threshold", (None, str(self.threshold).encode(), "text/plain")))

        if not isinstance(self.fmr, Unset):
            if isinstance(self.fmr, float):
                files.append(("fmr", (None, str(self.fmr).encode(), "text/plain")))
            else:
                files.append(("fmr", (None, str(self.fmr).encode(), "text/plain")))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        image1 = File(payload=BytesIO(d.pop("image1")))

        image2 = File(payload=BytesIO(d.pop("image2")))

        def _parse_model(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        model = _parse_model(d.pop("model", UNSET))

        def _parse_threshold(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        threshold = _parse_threshold(d.pop("threshold", UNSET))

        def _parse_fmr(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        fmr = _parse_fmr(d.pop("fmr", UNSET))

        verify_files_body = cls(
            image1=image1,
            image2=image2,
            model=model,
            threshold=threshold,
            fmr=fmr,
        )

        verify_files_body.additional_properties = d
        return verify_files_body

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
