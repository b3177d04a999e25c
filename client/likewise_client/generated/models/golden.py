from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.golden_formula import GoldenFormula
from ..types import UNSET, Unset

T = TypeVar("T", bound="Golden")


@_attrs_define
class Golden:
    """The self-check: what the graph answers for the golden image (see `model.golden`).

    For a pair model (formula `ramp-1-pairs`) `embedding` holds the energies of the golden pairs.

        Attributes:
            embedding (list[float]):
            tolerance (float):
            formula (GoldenFormula | Unset):  Default: GoldenFormula.RAMP_1.
            undecided (list[int] | Unset):
    """

    embedding: list[float]
    tolerance: float
    formula: GoldenFormula | Unset = GoldenFormula.RAMP_1
    undecided: list[int] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        embedding = self.embedding

        tolerance = self.tolerance

        formula: str | Unset = UNSET
        if not isinstance(self.formula, Unset):
            formula = self.formula.value

        undecided: list[int] | Unset = UNSET
        if not isinstance(self.undecided, Unset):
            undecided = self.undecided

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "embedding": embedding,
                "tolerance": tolerance,
            }
        )
        if formula is not UNSET:
            field_dict["formula"] = formula
        if undecided is not UNSET:
            field_dict["undecided"] = undecided

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        embedding = cast(list[float], d.pop("embedding"))

        tolerance = d.pop("tolerance")

        _formula = d.pop("formula", UNSET)
        formula: GoldenFormula | Unset
        if isinstance(_formula, Unset):
            formula = UNSET
        else:
            formula = GoldenFormula(_formula)

        undecided = cast(list[int], d.pop("undecided", UNSET))

        golden = cls(
            embedding=embedding,
            tolerance=tolerance,
            formula=formula,
            undecided=undecided,
        )

        return golden
