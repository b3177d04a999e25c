"""Value that a protocol measures."""

from pydantic import Field

from model.schema.fields import Frozen


class MeasuredValue(Frozen):
    """One measured value, named after its protocol.

    Attributes:
        name: What was measured, under which protocol; targets refer to it.
        value: A share (error, accuracy, rate) in [0, 1].
        standard_error: Of the value, over the protocol's own folds or trials; None where it has
            none.
        trials: Number of decisions that it was measured on.
    """

    name: str
    value: float
    standard_error: float | None = Field(default=None, ge=0)
    trials: int = Field(ge=1)
