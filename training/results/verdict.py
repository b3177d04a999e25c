"""Verdict on a measured value beside its bar, by its one-sided 95 % confidence bounds.

A value alone says nothing of the next test sample: at a bar that equals the true error, half of all
measurements are below it. The verdict is therefore that of a test of each side at 5 %.
"""

from enum import StrEnum

from training.config.sections import Target

ONE_SIDED_95 = 1.644854
"""95 % quantile of the normal distribution."""


class Verdict(StrEnum):
    """Relation of a value to its bar."""

    MET = "met"
    """The bound on the worse side is no worse than the bar."""
    EQUAL = "equal"
    """The bar lies between the bounds: the measurement cannot tell the two apart."""
    MISSED = "missed"
    """The bound on the better side is worse than the bar."""
    OPEN = "open"
    """The value has no standard error, so nothing can be said."""


def verdict(value: float, standard_error: float | None, target: Target) -> Verdict | None:
    """Judge a value, a share in [0, 1]; None where the target has no bar."""
    if target.bar is None:
        return None
    if standard_error is None:
        return Verdict.OPEN
    lack = value - target.bar if target.at_least is None else target.bar - value
    if lack + ONE_SIDED_95 * standard_error <= 0:
        return Verdict.MET
    return Verdict.MISSED if lack - ONE_SIDED_95 * standard_error > 0 else Verdict.EQUAL
