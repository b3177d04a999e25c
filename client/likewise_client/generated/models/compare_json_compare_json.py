from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="CompareJsonCompareJson")


@_attrs_define
class CompareJsonCompareJson:
    """One probe, and the gallery that it is compared with.

    Attributes:
        probe (list[float]): An embedding of the model.
        gallery (list[list[float]]): Embeddings of the same model.
        model (None | str | Unset): A model of GET /models; else the default one.
        threshold (float | None | Unset): Your own threshold on the energy. It goes before `fmr`.
        fmr (float | None | Unset): A supported target false match rate, as in GET /models.
    """

    probe: list[float]
    gallery: list[list[float]]
    model: None | str | Unset = UNSET
    threshold: float | None | Unset = UNSET
    fmr: float | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        probe = self.probe

        gallery = []
        for gallery_item_data in self.gallery:
            gallery_item = gallery_item_data

            gallery.append(gallery_item)

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
                "probe": probe,
                "gallery": gallery,
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
        probe = cast(list[float], d.pop("probe"))

        gallery = []
        _gallery = d.pop("gallery")
        for gallery_item_data in _gallery:
            gallery_item = cast(list[float], gallery_item_data)

            gallery.append(gallery_item)

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

        compare_json_compare_json = cls(
            probe=probe,
            gallery=gallery,
            model=model,
            threshold=threshold,
            fmr=fmr,
        )

        return compare_json_compare_json
