"""Standard errors of error rates from the intervals that a record's DET curve stores."""

import numpy as np

from training.evaluation.measured_value import MeasuredValue
from training.metrics.det import DetCurve

_RATES = ("EER", "FNMR at FMR")
_HALF_95 = 1.959964
"""Half the width of a 95 % interval in standard errors."""


def with_stored_error(
    value: MeasuredValue, curve: DetCurve | None, bar: float | None = None
) -> MeasuredValue:
    """Add a standard error over identities to an EER or FNMR, from the FNMR's intervals.

    An equal error rate lies between the FMR and the FNMR of a threshold near it, so its standard
    error is at most the larger of theirs; of many impostor pairs, that is the FNMR's. The intervals
    are longer above a small rate than below it: where there is a bar, the part towards it counts,
    else the mean of both. Values that have a standard error, and those of other protocols, stay as
    they are.
    """
    if curve is None or value.standard_error is not None or not value.name.startswith(_RATES):
        return value
    rising = np.argsort(curve.fnmr)
    low, high = (
        np.interp(value.value, np.array(curve.fnmr)[rising], np.array(ends)[rising])
        for ends in (curve.fnmr_low, curve.fnmr_high)
    )
    half = float(high - low) / 2
    if bar is not None:
        half = float(value.value - low if bar < value.value else high - value.value)
    error = max(0.0, half) / _HALF_95
    return value.model_copy(update={"standard_error": error, "standard_error_over": "identities"})
