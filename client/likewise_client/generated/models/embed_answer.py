from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.model_reference import ModelReference


T = TypeVar("T", bound="EmbedAnswer")


@_attrs_define
class EmbedAnswer:
    """One embedding for each image, in their order.

    Attributes:
        embeddings (list[list[float]] | list[list[int]]): Floats; bytes of packed bits from a model of kind `codes`.
        dim (int): Numbers in each embedding.
        model (ModelReference): Which model answered: its graph's hash pins the very weights.
    """

    embeddings: list[list[float]] | list[list[int]]
    dim: int
    model: ModelReference
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        embeddings: list[list[float]] | list[list[int]]
        if isinstance(self.embeddings, list):
            embeddings = []
            for embeddings_type_0_item_data in self.embeddings:
                embeddings_type_0_item = embeddings_type_0_item_data

                embeddings.append(embeddings_type_0_item)

        else:
            embeddings = []
            for embeddings_type_1_item_data in self.embeddings:
                embeddings_type_1_item = embeddings_type_1_item_data

                embeddings.append(embeddings_type_1_item)

        dim = self.dim

        model = self.model.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "embeddings": embeddings,
                "dim": dim,
                "model": model,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.model_reference import ModelReference

        d = dict(src_dict)

        def _parse_embeddings(data: object) -> list[list[float]] | list[list[int]]:
            try:
                if not isinstance(data, list):
                    raise TypeError()
                embeddings_type_0 = []
                _embeddings_type_0 = data
                for embeddings_type_0_item_data in _embeddings_type_0:
                    embeddings_type_0_item = cast(list[float], embeddings_type_0_item_data)

                    embeddings_type_0.append(embeddings_type_0_item)

                return embeddings_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, list):
                raise TypeError()
            embeddings_type_1 = []
            _embeddings_type_1 = data
            for embeddings_type_1_item_data in _embeddings_type_1:
                embeddings_type_1_item = cast(list[int], embeddings_type_1_item_data)

                embeddings_type_1.append(embeddings_type_1_item)

            return embeddings_type_1

        embeddings = _parse_embeddings(d.pop("embeddings"))

        dim = d.pop("dim")

        model = ModelReference.from_dict(d.pop("model"))

        embed_answer = cls(
            embeddings=embeddings,
            dim=dim,
            model=model,
        )

        embed_answer.additional_properties = d
        return embed_answer

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
