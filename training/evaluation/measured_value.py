"""Value that a protocol measures."""

from pydantic import Field

from model.manifest import ErrorOver
from model.schema.fields import Frozen


class MeasuredValue(Frozen):
    """One measured value, named after its protocol.

    Attributes:
        name: What was measured, under which protocol; targets refer to it.
        value: A share (error, accuracy, rate) in [0, 1].
        standard_error: Of the value, over the sample that `standard_error_over` names; None where
            it was not measured.
        standard_error_over: The sample; None in records that do not state it.
        trials: Number of decisions that it was measured on.
    """

    name: str
    value: float
    standard_error: float | None = Field(default=None, ge=0)
    standard_error_over: ErrorOver | None = None
    trials: int = Field(ge=1)
