import pytest
from pydantic import ValidationError

from model.manifest import Curve, ErrorRates
from training.metrics.det import DetCurve


def rates(fmr, fnmr):
    return ErrorRates(
        fmr=fmr, fmr_interval=(0, 1), fnmr=fnmr, fnmr_interval=(fnmr / 2, min(1, 2 * fnmr))
    )


def test_a_curve_keeps_five_digits_of_each_rate():
    found = DetCurve.of(
        "all", Curve(thresholds=(0, 1), rates=(rates(0, 1 / 3), rates(2e-5 / 3, 0)))
    )
    assert found.fmr == (0, 6.6667e-6)
    assert (found.fnmr, found.fnmr_low, found.fnmr_high) == (
        (0.33333, 0),
        (0.16667, 0),
        (0.66667, 0),
    )


def test_rates_of_different_number_are_refused():
    with pytest.raises(ValidationError, match="as many rates of each kind"):
        DetCurve(protocol="all", fmr=(0, 1), fnmr=(1,), fnmr_low=(0,), fnmr_high=(1,))
