"""Value that a protocol measures."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat


class MeasuredValue(BaseModel):
    """One measured value, named after its protocol.

    Attributes:
        name: What was measured, under which protocol; targets refer to it.
        value: A share (error, accuracy, rate) in [0, 1].
        standard_error: Of the value, over the protocol's own folds or trials; None where it has
            none.
        trials: Number of decisions that it was measured on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: FiniteFloat
    standard_error: float | None = Field(default=None, ge=0)
    trials: int = Field(ge=1)
