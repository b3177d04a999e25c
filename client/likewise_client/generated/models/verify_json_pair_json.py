from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="VerifyJsonPairJson")


@_attrs_define
class VerifyJsonPairJson:
    """The JSON body: two images as base64, and how to decide on them.

    Attributes:
        image1 (str): An image file as base64; a `data:` URI is taken too.
        image2 (str): The other one.
        model (None | str | Unset): A model of GET /models; else the default one.
        threshold (float | None | Unset): Your own threshold on the energy. It goes before `fmr`.
        fmr (float | None | Unset): A supported target false match rate, as in GET /models.
    """

    image1: str
    image2: str
    model: None | str | Unset = UNSET
    threshold: float | None | Unset = UNSET
    fmr: float | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        image1 = self.image1

        image2 = self.image2

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

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        image1 = d.pop("image1")

        image2 = d.pop("image2")

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

        verify_json_pair_json = cls(
            image1=image1,
            image2=image2,
            model=model,
            threshold=threshold,
            fmr=fmr,
        )

        return verify_json_pair_json
