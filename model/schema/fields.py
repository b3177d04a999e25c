"""Constrained types of a manifest's fields, and the base of its parts."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

Fraction = Annotated[FiniteFloat, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Interval = tuple[Fraction, Fraction]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$", max_length=100)]
Version = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
BundleName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]


class Frozen(BaseModel):
    """Immutable value; an unknown field and a number that is not finite are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
